import { Scale } from 'lucide-react';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { viewPath } from '../../../contract/media.ts';
import type { ModelInfo } from '../../../contract/models.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { settingInfo } from '../../../contract/setting-info.ts';
import type { Quality } from '../../../contract/train-settings.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { bytes, plural } from '../../components/format.ts';
import { Badge, Button, classes, ErrorState, Skeleton, ToggleGroup } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import { ChangingPhotos } from './changing-photos.tsx';

const qualities: readonly { readonly value: Quality; readonly label: string; readonly text: string }[] = [
  {
    value: 'quick',
    label: 'Quick',
    text: 'A new head on what the backbone sees. Seconds to a few minutes; often good enough.',
  },
  {
    value: 'balanced',
    label: 'Balanced',
    text: 'The head first, then the backbone’s last blocks where the photos to check on prefer it.',
  },
  {
    value: 'best',
    label: 'Best',
    text: 'Fine-tunes for longer with more views of each photo. The slowest.',
  },
];

/** The choices most people make: how thorough, on which backbone, and how photos are fitted. */
export const SimpleSettings = memo(function SimpleSettings({ project }: { readonly project: ProjectState }) {
  const { train, models } = useActions();
  const settings = useAppState((state) => state.train.settings);
  const list = useAppState((state) => state.settings.models);
  const plan = valueOf(useAppState((state) => state.train.plan));
  useEffect(() => void models.load(), [models]);
  const chosen = settings.backbone ?? plan?.backbone.id;
  const known = valueOf(list);
  const model = known?.find(({ id }) => id === chosen);
  const disabled = project.readOnly !== null;
  const quality = settings.quality ?? 'balanced';
  return (
    <section className="ui-card train-card" aria-labelledby="train-simple-title">
      <h2 id="train-simple-title">How</h2>
      <div className="train-choice">
        <h3 id="train-quality">Thoroughness</h3>
        <ToggleGroup
          label="Thoroughness"
          value={quality}
          options={qualities}
          disabled={disabled}
          onChange={(value) => train.choose({ quality: value })}
        />
        <p className="muted small">{qualities.find(({ value }) => value === quality)?.text}</p>
      </div>
      <div className="train-choice">
        <h3 id="train-backbone">Backbone</h3>
        <p className="muted small">
          The pretrained network whose knowledge of pictures your classes are built on.
        </p>
        {list.status === 'failed' ? (
          <ErrorState small error={list.error} onRetry={() => void models.load()} />
        ) : known === undefined ? (
          <div role="status" aria-label="Loading the backbones">
            <Skeleton height="180px" />
          </div>
        ) : (
          <Backbones
            models={known}
            chosen={chosen}
            disabled={disabled}
            onChoose={(id) => train.choose({ backbone: id })}
          />
        )}
      </div>
      <ImagePolicy project={project} model={model} disabled={disabled} />
      <ChangingPhotos project={project} model={model} disabled={disabled} />
    </section>
  );
});

/** Models to download that are shown at first, the best of them. */
const offered = 3;

interface BackbonesProps {
  readonly models: readonly ModelInfo[];
  readonly chosen: string | undefined;
  readonly disabled: boolean;
  readonly onChoose: (id: string) => void;
}

function Backbones({ models, chosen, disabled, onChoose }: BackbonesProps) {
  const { models: actions, navigation } = useActions();
  const group = useRef<HTMLDivElement>(null);
  // Installed ones first, then by how well they did on ImageNet.
  const sorted = useMemo(
    () =>
      models.toSorted(
        (a, b) => Number(b.installed) - Number(a.installed) || (b.imagenetTop1 ?? 0) - (a.imagenetTop1 ?? 0),
      ),
    [models],
  );
  const here = sorted.filter(({ installed }) => installed).length;
  const [all, setAll] = useState(false);
  const shown = all ? sorted : sorted.slice(0, here + offered);
  const hidden = sorted.length - shown.length;
  const move = (event: React.KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const radios = [...(group.current?.querySelectorAll<HTMLButtonElement>('[role="radio"]:enabled') ?? [])];
    const at = radios.findIndex((radio) => radio === document.activeElement);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    const next = radios[(at + step + radios.length) % radios.length];
    // As with any radio buttons, the arrow chooses.
    next?.focus();
    next?.click();
  };
  return (
    <>
      <div
        ref={group}
        className="train-backbones"
        role="radiogroup"
        aria-labelledby="train-backbone"
        onKeyDown={move}
      >
        {shown.map((model) => (
          <div
            key={model.id}
            className={classes('train-backbone', model.id === chosen && 'train-backbone-on')}
          >
            <button
              type="button"
              role="radio"
              aria-checked={model.id === chosen}
              tabIndex={model.id === chosen || (chosen === undefined && model === sorted[0]) ? 0 : -1}
              disabled={disabled || !model.installed}
              onClick={() => onChoose(model.id)}
            >
              <span className="train-backbone-name truncate" title={model.name}>
                {model.name}
              </span>
              <span className="muted small">
                {model.imagenetTop1 === undefined ? 'your own model' : `${model.imagenetTop1}% on ImageNet`}
              </span>
              <span className="muted small">
                {[bytes(model.size), model.licence].filter(Boolean).join(' · ')}
              </span>
            </button>
            {model.installed ? (
              model.id === chosen ? (
                <Badge tone="good">chosen</Badge>
              ) : null
            ) : (
              <Button size="s" onClick={() => void actions.fetch(model)}>
                Download<span className="visually-hidden"> {model.name}</span>
              </Button>
            )}
          </div>
        ))}
      </div>
      <span className="train-controls">
        {hidden === 0 ? null : (
          <Button size="s" variant="quiet" onClick={() => setAll(true)}>
            {plural(hidden, 'more model')} to download
          </Button>
        )}
        <Button size="s" icon={Scale} onClick={() => navigation.tab('train', 'compare')}>
          Compare on my photos
        </Button>
        <Button size="s" variant="quiet" onClick={() => navigation.go({ screen: 'models' })}>
          All about these models
        </Button>
      </span>
    </>
  );
}

interface ImagePolicyProps {
  readonly project: ProjectState;
  readonly model: ModelInfo | undefined;
  readonly disabled: boolean;
}

const resizeChoices = settingInfo.find(({ key }) => key === 'resize')?.choices ?? [];

/** How photos are fitted to the square the backbone sees, with some of the person's own. */
function ImagePolicy({ project, model, disabled }: ImagePolicyProps) {
  const { train } = useActions();
  const url = useMediaUrl();
  const table = useAppState((state) => state.project.photos);
  const settings = useAppState((state) => state.train.settings);
  const resize = settings.resize ?? model?.input?.resize ?? 'squash';
  const size = model?.input?.width ?? 224;
  const samples = useMemo(() => {
    const there = table.rows.filter(({ missing }) => missing !== true);
    // Long and wide ones show the difference best.
    const odd = there
      .filter(({ width, height }) => width !== undefined && height !== undefined)
      .toSorted((a, b) => stretch(b) - stretch(a));
    return (odd.length > 0 ? odd : there).slice(0, 3);
  }, [table]);
  const text = resizeChoices.find(({ value }) => value === resize)?.label ?? '';
  return (
    <div className="train-choice">
      <h3>Fitting photos</h3>
      <ToggleGroup
        label="How photos are fitted"
        value={resize}
        disabled={disabled}
        options={[
          { value: 'squash', label: 'Squash' },
          { value: 'crop', label: 'Crop' },
          { value: 'pad', label: 'Pad' },
        ]}
        onChange={(value) => train.choose({ resize: value })}
      />
      <p className="muted small">{text}</p>
      {samples.length === 0 ? null : (
        <ul className="train-views" aria-label="What the model sees of some of your photos">
          {samples.map(({ id, path }) => (
            <li key={id}>
              <img
                src={url(viewPath(project.id, id, resize, size))}
                alt={`${path} as the model sees it`}
                width="120"
                height="120"
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function stretch({
  width = 1,
  height = 1,
}: {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}): number {
  return Math.max(width / height, height / width);
}
