import { percent } from '../../components/format.ts';
import { Button, Select, Slider } from '../../components/ui/index.ts';
import type { Explained } from './use-explanation.ts';

interface HeatmapControlsProps {
  readonly explanation: Explained;
  readonly opacity: number;
  readonly onOpacity: (opacity: number) => void;
}

/** Radix has no empty value; no class is called so, for names are trimmed. */
const ownValue = ' ';

/** For which class the heatmap is, how strongly it covers the photo, and what it says. */
export function HeatmapControls({ explanation, opacity, onOpacity }: HeatmapControlsProps) {
  const { answer, again, classes, of, onClass } = explanation;
  // What is explained has no name where it is a number.
  const number = answer?.status === 'ready' && answer.value.class === '';
  return (
    <div className="photo-page-heat">
      <Select
        label="Class the heatmap is for"
        size="s"
        prefix="Why"
        value={of ?? ownValue}
        options={[
          { value: ownValue, label: 'the model’s answer' },
          ...classes.map((name) => ({ value: name, label: name })),
        ]}
        onChange={(name) => onClass(name === ownValue ? undefined : name)}
      />
      <p className="small photo-page-heat-text" role="status">
        {answer === undefined || answer.status === 'loading' || answer.status === 'idle' ? (
          <span className="muted">Working out where the model looked…</span>
        ) : answer.status === 'failed' ? (
          <>
            {answer.error.message} {answer.error.remedy}
          </>
        ) : (
          <>
            {number ? '' : `${answer.value.class}: ${percent(answer.value.probability)} sure. `}
            <span className="muted">
              {number
                ? 'Brighter is where it speaks for a larger number.'
                : answer.value.method === 'grad-cam'
                  ? 'Brighter is where it speaks for the class.'
                  : 'Brighter is where hiding the photo lowers the probability most.'}
            </span>
          </>
        )}
      </p>
      {answer?.status === 'failed' ? (
        <Button size="s" onClick={again}>
          Try again
        </Button>
      ) : null}
      <div className="photo-page-heat-slider">
        <Slider
          label="Strength of the heatmap"
          value={opacity}
          min={0.1}
          max={1}
          step={0.05}
          onChange={onOpacity}
          valueText={`${Math.round(opacity * 100)} percent`}
        />
      </div>
    </div>
  );
}
