import type { AugmentPreset } from '../../../contract/augment.ts';
import { augmentPresets } from '../../../contract/choices.ts';
import { changedViewPath, viewPath } from '../../../contract/media.ts';
import type { ModelInfo } from '../../../contract/models.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { settingInfo } from '../../../contract/setting-info.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { ToggleGroup } from '../../components/ui/index.ts';

interface ChangingPhotosProps {
  readonly project: ProjectState;
  readonly model: ModelInfo | undefined;
  readonly disabled: boolean;
}

const labels: Readonly<Record<AugmentPreset, string>> = {
  none: 'None',
  light: 'Light',
  standard: 'Standard',
  strong: 'Strong',
  'any-orientation': 'Any orientation',
  'keep-colour': 'Keep colours',
};
const choices = settingInfo.find(({ key }) => key === 'augment')?.choices ?? [];

/** So many views of so many photos show what a preset does. */
const shown = { photos: 2, views: 3 };

/** How photos are changed while they are learned from, with some of the person's own. */
export function ChangingPhotos({ project, model, disabled }: ChangingPhotosProps) {
  const { train } = useActions();
  const url = useMediaUrl();
  const { rows } = useAppState((state) => state.project.photos);
  const settings = useAppState((state) => state.train.settings);
  const { augment = 'standard', flips = 'auto' } = settings;
  const resize = settings.resize ?? model?.input?.resize ?? 'squash';
  const size = model?.input?.width ?? 224;
  const samples = rows.filter(({ missing }) => missing !== true).slice(0, shown.photos);
  const changes = augment !== 'none' || flips === 'on';
  return (
    <div className="train-choice">
      <h3>Changing photos</h3>
      <p className="muted small">
        Photos are changed a little while they are learned from, so that the model sees more than there are.
      </p>
      <ToggleGroup
        label="How photos are changed"
        value={augment}
        disabled={disabled}
        options={augmentPresets.map((value) => ({ value, label: labels[value] }))}
        onChange={(value) => train.choose({ augment: value })}
      />
      <p className="muted small">{choices.find(({ value }) => value === augment)?.label}</p>
      {samples.length === 0 || !changes ? null : (
        <ul className="train-views" aria-label="Some of your photos as they would be learned from">
          {samples.flatMap(({ id, path }) =>
            Array.from({ length: shown.views }, (_, index) => (
              <li key={`${id} ${index}`}>
                <img
                  src={url(
                    changedViewPath(viewPath(project.id, id, resize, size), augment, flips, index + 1),
                  )}
                  alt={`${path}, changed (${index + 1} of ${shown.views})`}
                  width="96"
                  height="96"
                />
              </li>
            )),
          )}
        </ul>
      )}
    </div>
  );
}
