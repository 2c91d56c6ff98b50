import { Check, ChevronLeft, ChevronRight, Tag } from 'lucide-react';
import { useState } from 'react';
import { photoPath, thumbPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunDetail, RunPhoto } from '../../../contract/runs.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { figure, percent } from '../../components/format.ts';
import { HeatmapOverlay, PhotoView } from '../../components/photos/index.ts';
import { Button, ClassChip, ClassSwatch, Dialog, IconButton, Menu } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { HeatmapControls } from '../label/heatmap-controls.tsx';
import { useExplanation } from '../label/use-explanation.ts';
import { useClassColors } from './use-class-colors.ts';

interface OnePhotoProps {
  readonly project: ProjectState;
  readonly run: RunDetail;
  readonly photo: RunPhoto;
  readonly onClose: () => void;
  readonly onBefore?: () => void;
  readonly onAfter?: () => void;
}

/** One answer: the photo, where the model looked, what it thought of, and the label to be mended. */
export function OnePhoto({ project, run, photo, onClose, onBefore, onAfter }: OnePhotoProps) {
  const { navigation } = useActions();
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const [opacity, setOpacity] = useState(0.6);
  const row = useAppState((state) => photoById(state.project.photos, photo.photo));
  // The newest run is what this asks; here it is the one that is looked at.
  const explanation = useExplanation({ ...project, lastRun: run.summary.id }, photo.photo, true);
  const map = explanation.answer?.status === 'ready' ? explanation.answer.value : undefined;
  const size =
    row?.width === undefined || row.height === undefined
      ? undefined
      : { width: row.width, height: row.height };
  const classes = run.result?.classes ?? [];
  const likeliest = classes
    .map((name, at) => ({ name, probability: photo.probabilities[at] ?? 0 }))
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, 5);
  return (
    <Dialog
      open
      size="l"
      onClose={onClose}
      title={photo.path.slice(photo.path.lastIndexOf('/') + 1)}
      description={describe(photo)}
      actions={
        <>
          <IconButton
            icon={ChevronLeft}
            label="The photo before"
            disabled={onBefore === undefined}
            onClick={onBefore}
          />
          <IconButton
            icon={ChevronRight}
            label="The next photo"
            disabled={onAfter === undefined}
            onClick={onAfter}
          />
          {project.task === 'single-label' ? (
            <MendLabel project={project} photo={photo.photo} />
          ) : (
            <Button
              size="s"
              icon={Tag}
              onClick={() =>
                navigation.go({ screen: 'project', project: project.id, tab: 'label', detail: photo.photo })
              }
            >
              Show it in Label
            </Button>
          )}
        </>
      }
    >
      <div className="judge-one">
        <div className="judge-one-photo">
          <PhotoView
            key={photo.photo}
            src={mediaUrl(photoPath(project.id, photo.photo))}
            preview={mediaUrl(thumbPath(project.id, photo.photo, 256))}
            alt={photo.path}
            size={size}
            overlay={map === undefined ? undefined : <HeatmapOverlay explanation={map} opacity={opacity} />}
          />
        </div>
        <div className="judge-one-side">
          <HeatmapControls explanation={explanation} opacity={opacity} onOpacity={setOpacity} />
          <ul className="judge-bars" aria-label="What the model thought of">
            {likeliest.map(({ name, probability }) => (
              <li key={name}>
                <ClassChip color={colors.get(name) ?? 0} name={name} />
                <svg className="judge-bar-line" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
                  <rect width={probability} height="1" />
                </svg>
                <span className="numeric">{percent(probability)}</span>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </Dialog>
  );
}

function describe({ truth, predicted, confidence, labels, value }: RunPhoto): string {
  if (value !== undefined)
    return `Its number is ${figure(value.truth)}; the model says ${figure(value.predicted)}, ${figure(Math.abs(value.predicted - value.truth))} too ${value.predicted > value.truth ? 'much' : 'little'}.`;
  if (labels !== undefined)
    return truth === predicted
      ? `Labelled ${truth || 'as none of the labels'}, and the model says so, too.`
      : `Labelled ${truth || 'as none of the labels'}; the model says ${predicted || 'none of them'}.`;
  return truth === predicted
    ? `Labelled ${truth}, and the model says so, too: ${percent(confidence)} sure.`
    : `Labelled ${truth}; the model says ${predicted}, ${percent(confidence)} sure.`;
}

interface MendLabelProps {
  readonly project: ProjectState;
  readonly photo: string;
  /** A class to offer first. */
  readonly suggested?: string;
}

/** Gives a photo another label, or leaves it out of training. */
export function MendLabel({ project, photo, suggested }: MendLabelProps) {
  const { label, judge } = useActions();
  const colors = useClassColors();
  const row = useAppState((state) => photoById(state.project.photos, photo));
  const [now] = row?.labels ?? [];
  const assign = (name: string): void => {
    void label.assign(project.id, [photo], name);
    judge.mended();
  };
  const disabled = project.readOnly !== null || row === undefined;
  return (
    <span className="judge-mend">
      {suggested === undefined || suggested === now ? null : (
        <Button
          size="s"
          icon={Check}
          className="judge-mend-suggested"
          title={suggested}
          disabled={disabled}
          onClick={() => assign(suggested)}
        >
          It is {suggested}
        </Button>
      )}
      <Menu
        align="end"
        items={[
          { kind: 'heading', label: now === undefined ? 'No label' : `Label: ${now}` },
          ...project.classes
            .filter(({ name }) => name !== now)
            .map(({ name }) => ({
              label: name,
              icon: <ClassSwatch color={colors.get(name) ?? 0} />,
              onSelect: () => assign(name),
            })),
          { kind: 'line' },
          {
            kind: 'check',
            label: 'Leave it out of training',
            checked: row?.excluded === true,
            onSelect: () => {
              void label.exclude(project.id, [photo], row?.excluded !== true);
              judge.mended();
            },
          },
        ]}
      >
        <Button
          size="s"
          variant={suggested === undefined ? 'secondary' : 'quiet'}
          icon={Tag}
          disabled={disabled}
        >
          Change the label
        </Button>
      </Menu>
    </span>
  );
}
