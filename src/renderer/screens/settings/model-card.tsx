import { ChevronDown, Download, Trash2 } from 'lucide-react';
import { useId, useState } from 'react';
import type { ComparedBackbone } from '../../../contract/compare.ts';
import type { JobSummary } from '../../../contract/jobs.ts';
import type { ModelInfo } from '../../../contract/models.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { familiarity, rankWords, timeOf } from '../../components/backbone-words.ts';
import { bytes, compact, duration } from '../../components/format.ts';
import { ModelBlocks } from '../../components/model-blocks.tsx';
import { Badge, Button, ErrorState, Progress, Skeleton } from '../../components/ui/index.ts';
import { isOver } from '../../state/jobs.ts';

interface ModelCardProps {
  readonly model: ModelInfo;
  /** The newest download of it, running or ended. */
  readonly download: JobSummary | undefined;
  /** How it did on the open project's photos, where it was tried. */
  readonly compared: ComparedBackbone | undefined;
}

/** One pretrained model: what it is, what it costs, what to know before relying on it. */
export function ModelCard({ model, download, compared }: ModelCardProps) {
  const { models: actions } = useActions();
  const [open, setOpen] = useState(false);
  const id = useId();
  const { name, installed, card, origin, licence } = model;
  const running = download !== undefined && !isOver(download) ? download : undefined;
  const toggle = (): void => {
    if (!open && installed) void actions.details(model.id);
    setOpen(!open);
  };
  return (
    <article className="model" aria-labelledby={`${id}-name`}>
      <div className="model-head">
        <h2 id={`${id}-name`} className="truncate" title={name}>
          {name}
        </h2>
        {installed ? <Badge tone="good">On this machine</Badge> : null}
        {origin === 'imported' ? <Badge>Imported</Badge> : null}
        {origin === 'folder' ? <Badge>From your models folder</Badge> : null}
        <span className="model-actions">
          <Action model={model} running={running !== undefined} />
        </span>
      </div>
      <Figures model={model} />
      {card === undefined ? (
        <p className="model-text muted">
          Nothing is known about how it was trained. Licence: {licence ?? 'unknown'}.
        </p>
      ) : (
        <p className="model-text">{card.description}</p>
      )}
      {compared === undefined ? null : (
        <p className="model-text">
          On your photos {rankWords(compared)}, {timeOf(compared.photosPerSecond)} a photo on this device.
        </p>
      )}
      {running === undefined ? null : <Downloading job={running} />}
      {download?.state === 'failed' && !installed ? (
        <p className="model-text model-failed" role="alert">
          {download.error?.message} {download.error?.remedy}
        </p>
      ) : null}
      {card === undefined && !installed ? null : (
        <Button
          variant="quiet"
          size="s"
          icon={ChevronDown}
          className={open ? 'model-toggle model-toggle-open' : 'model-toggle'}
          aria-expanded={open}
          aria-controls={`${id}-more`}
          onClick={toggle}
        >
          {open ? 'Less' : 'What to know'}
          <span className="visually-hidden"> about {name}</span>
        </Button>
      )}
      <div id={`${id}-more`} hidden={!open}>
        {open ? <More model={model} compared={compared} /> : null}
      </div>
    </article>
  );
}

function Action({ model, running }: { readonly model: ModelInfo; readonly running: boolean }) {
  const { models } = useActions();
  if (running) return null;
  if (!model.installed)
    return (
      <Button size="s" icon={Download} onClick={() => void models.fetch(model)}>
        Download {bytes(model.size)}
        <span className="visually-hidden"> of {model.name}</span>
      </Button>
    );
  // What lies in a person's own folder is theirs to delete.
  if (model.origin === 'folder') return null;
  return (
    <Button size="s" variant="quiet" icon={Trash2} onClick={() => void models.remove(model)}>
      Remove<span className="visually-hidden"> {model.name}</span>
    </Button>
  );
}

function Figures({ model }: { readonly model: ModelInfo }) {
  const { imagenetTop1, parameters, multiplyAdds, size, licence, input } = model;
  const figures = [
    ['ImageNet accuracy', imagenetTop1 === undefined ? undefined : `${imagenetTop1}%`],
    ['Size', bytes(size)],
    ['Parameters', parameters === undefined ? undefined : compact(parameters)],
    ['Multiply-adds', multiplyAdds === undefined ? undefined : compact(multiplyAdds)],
    ['Sees', input === undefined ? undefined : `${input.width} × ${input.height}`],
    ['Licence', licence],
  ] as const;
  return (
    <dl className="model-figures">
      {figures.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Downloading({ job }: { readonly job: JobSummary }) {
  const { jobs } = useActions();
  const { progress } = job;
  const eta = progress?.eta ?? null;
  const done =
    progress === null
      ? 'Starting…'
      : `${bytes(progress.done)}${progress.total === null ? '' : ` of ${bytes(progress.total)}`}`;
  return (
    <div className="model-download">
      <Progress label={job.title} done={progress?.done ?? 0} total={progress?.total ?? null} />
      <p className="numeric muted small">
        {done}
        {eta === null ? '' : ` · ${duration(eta)} left`}
      </p>
      <Button size="s" onClick={() => void jobs.cancel(job.id)}>
        Cancel
      </Button>
    </div>
  );
}

interface MoreProps {
  readonly model: ModelInfo;
  readonly compared: ComparedBackbone | undefined;
}

function More({ model: { id, card, installed }, compared }: MoreProps) {
  const { models } = useActions();
  const details = useAppState((state) => state.settings.modelDetails.get(id));
  return (
    <div className="model-more">
      {card === undefined ? null : (
        <dl>
          <dt>Fits</dt>
          <dd>{card.taskFit}</dd>
          <dt>Trained on</dt>
          <dd>{card.trainedOn}</dd>
          <dt>Your photos are to it</dt>
          <dd>
            {compared === undefined
              ? 'not measured yet: compare it on your photos'
              : familiarity(compared.domain)}
          </dd>
          <dt>Good for</dt>
          <dd>{card.intendedUse}</dd>
          <dt>Known bias</dt>
          <dd>{card.knownBias}</dd>
          <dt>Adapts</dt>
          <dd>{card.adapts}</dd>
          <dt>Community</dt>
          <dd>{card.community}</dd>
          {card.links.length === 0 ? null : (
            <>
              <dt>More</dt>
              <dd>
                <ul>
                  {card.links.map(({ title, url }) => (
                    <li key={url}>
                      <a href={url} target="_blank" rel="noreferrer">
                        {title}
                      </a>
                    </li>
                  ))}
                </ul>
              </dd>
            </>
          )}
        </dl>
      )}
      {details?.status === 'ready' ? <ModelBlocks details={details.value} /> : null}
      {details?.status === 'failed' ? (
        <ErrorState small error={details.error} onRetry={() => void models.details(id)} />
      ) : null}
      {installed && (details === undefined || details.status === 'loading') ? (
        <div role="status" aria-label="Reading the model">
          <Skeleton height="240px" />
        </div>
      ) : null}
    </div>
  );
}
