import { useMemo, useState } from 'react';
import type { RunPhoto } from '../../../contract/runs.ts';
import { count, percent } from '../../components/format.ts';
import { Slider } from '../../components/ui/index.ts';
import { atThreshold } from './answers.ts';

interface ThresholdCardProps {
  /** That the run was checked on. */
  readonly photos: readonly RunPhoto[];
  /** The threshold the saved model uses. */
  readonly initial: number;
}

/** What is gained and lost by calling unsure answers unknown. */
export function ThresholdCard({ photos, initial }: ThresholdCardProps) {
  const [threshold, setThreshold] = useState(initial);
  const now = useMemo(() => atThreshold(photos, threshold), [photos, threshold]);
  const words = `Below ${percent(threshold)}: unknown`;
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-threshold">
      <h2 id="judge-threshold">Answer or “unknown”</h2>
      <p className="muted small">
        Answers less sure than this are called unknown. Move it to see what that would do with the photos it
        was checked on; the saved model uses {percent(initial)}.
      </p>
      <div className="judge-threshold">
        <Slider
          label="Least confidence"
          value={threshold}
          min={0}
          max={1}
          step={0.01}
          onChange={setThreshold}
          valueText={words}
        />
        <output>{words}</output>
      </div>
      <dl className="judge-figures">
        <div>
          <dt>Answered (coverage)</dt>
          <dd>
            <span>{now.coverage === null ? '–' : percent(now.coverage)}</span>
            <span className="muted small">
              {count(now.answered)} of {count(photos.length)} photos
            </span>
          </dd>
        </div>
        <div>
          <dt>Right when answered (precision)</dt>
          <dd>
            <span>{now.precision === null ? '–' : percent(now.precision)}</span>
            <span className="muted small">{count(now.answered - now.right)} wrong</span>
          </dd>
        </div>
        <div>
          <dt>Unknown</dt>
          <dd>
            <span>{count(now.unknown)}</span>
            <span className="muted small">for you to look at</span>
          </dd>
        </div>
      </dl>
    </section>
  );
}
