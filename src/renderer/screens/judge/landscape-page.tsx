import { Mountain } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Landscape } from '../../../contract/landscape.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { percent } from '../../components/format.ts';
import { nameOfRun } from '../../components/runs/run-name.ts';
import {
  Button,
  EmptyState,
  ErrorState,
  Notice,
  Progress,
  Select,
  Skeleton,
} from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { activeJobs } from '../../state/jobs.ts';
import { valueOf } from '../../state/loadable.ts';
import { LandscapeLines } from './landscape-lines.tsx';
import { LandscapeMap } from './landscape-map.tsx';

interface LandscapePageProps {
  readonly project: ProjectState;
  readonly run: RunSummary;
  readonly others: readonly RunSummary[];
}

/** No run's id. */
const none = 'none';

/** As drawings are headed. */
const shortName = ({ number }: RunSummary): string => `Run ${number}`;

/** How flat the place is where training ended: the loss when the head's weights are moved. */
export function LandscapePage({ project, run, others }: LandscapePageProps) {
  const { runs } = useActions();
  const [wanted, setWanted] = useState(none);
  const other = others.find(({ id }) => id === wanted);
  const state = useAppState(({ runs: { landscape } }) => landscape.get(run.id)) ?? {
    status: 'idle' as const,
  };
  const beside = useAppState(({ runs: { landscape } }) => landscape.get(wanted));
  useEffect(() => {
    void runs.landscape(project.id, run.id);
    if (other !== undefined) void runs.landscape(project.id, other.id);
  }, [runs, project.id, run.id, other]);
  const found = valueOf(state);
  const comparedWith = beside === undefined ? null : (valueOf(beside) ?? null);
  if (state.status === 'failed')
    return <ErrorState error={state.error} onRetry={() => void runs.landscape(project.id, run.id, true)} />;
  if (found === undefined)
    return (
      <div className="judge-loading" role="status" aria-label="Loading the landscape">
        <Skeleton height="300px" />
      </div>
    );
  return (
    <div className="judge-results">
      {found === null ? (
        <EmptyState small icon={Mountain} title="How flat is the place where training ended?">
          The weights of the head are moved in random directions, and the loss is measured there. A model in a
          flat place tends to hold on new photos; in a steep one, little changes matter much. It takes some
          seconds.
        </EmptyState>
      ) : null}
      <Measure
        project={project}
        run={run}
        others={others}
        other={other}
        onOther={setWanted}
        again={found !== null}
      />
      {found === null ? null : (
        <Found found={found} name={shortName(run)} other={other} beside={comparedWith} others={others} />
      )}
    </div>
  );
}

interface MeasureProps extends LandscapePageProps {
  readonly other: RunSummary | undefined;
  readonly onOther: (id: string) => void;
  readonly again: boolean;
}

/** What can be measured, and how far that is. */
function Measure({ project, run, others, other, onOther, again }: MeasureProps) {
  const { runs, jobs } = useActions();
  const [starting, start] = useBusy<'start'>();
  const all = useAppState((state) => state.jobs);
  const job = activeJobs(all).find(
    ({ kind, run: of }) => kind === 'landscape' && (of === run.id || of === other?.id),
  );
  const last = [...all.byId.values()].findLast(({ kind, run: of }) => kind === 'landscape' && of === run.id);
  const measure = (of: string, to?: string): void =>
    start('start', () => runs.measureLandscape(project.id, of, to));
  const busy = starting !== undefined || job !== undefined;
  const disabled = project.readOnly !== null;
  return (
    <>
      <div className="judge-landscape-do">
        <Button
          variant={again ? 'secondary' : 'primary'}
          icon={Mountain}
          busy={busy}
          disabled={disabled}
          onClick={() => measure(run.id)}
        >
          {again ? 'Measure again' : 'Measure the landscape'}
        </Button>
        {others.length === 0 ? null : (
          <Select
            label="Run to look at beside it"
            prefix="Beside"
            value={other?.id ?? none}
            options={[
              { value: none, label: 'no other run' },
              ...others.map((one) => ({ value: one.id, label: nameOfRun(one) })),
            ]}
            onChange={onOther}
          />
        )}
        {other === undefined ? null : (
          <>
            <Button disabled={disabled || busy} onClick={() => measure(other.id)}>
              Measure {shortName(other)}
            </Button>
            <Button disabled={disabled || busy} onClick={() => measure(run.id, other.id)}>
              Measure the way to {shortName(other)}
            </Button>
          </>
        )}
      </div>
      {job === undefined ? null : (
        <div className="judge-landscape-do">
          <Progress
            label={job.progress?.message ?? 'Waiting for its turn'}
            done={job.progress?.done ?? 0}
            total={job.progress?.total ?? null}
          />
          <Button variant="quiet" onClick={() => void jobs.cancel(job.id)}>
            Cancel
          </Button>
        </div>
      )}
      {job === undefined && last?.state === 'failed' && last.error !== null ? (
        <Notice tone="problem" title={last.error.message} detail={last.error.remedy} />
      ) : null}
    </>
  );
}

interface FoundProps {
  readonly found: Landscape;
  readonly name: string;
  readonly other: RunSummary | undefined;
  /** Of the other run; null: not measured. */
  readonly beside: Landscape | null;
  readonly others: readonly RunSummary[];
}

function Found({ found, name, other, beside, others }: FoundProps) {
  const { centre, sharpness, plane, words, notes, photos, between } = found;
  const maps = [
    { title: `${name}: training loss`, at: plane.at, rows: plane.train, group: 'train' },
    ...(plane.val === null
      ? []
      : [{ title: `${name}: validation loss`, at: plane.at, rows: plane.val, group: 'val' }]),
    ...(other === undefined || beside === null
      ? []
      : [
          {
            title: `${shortName(other)}: training loss`,
            at: beside.plane.at,
            rows: beside.plane.train,
            group: 'train',
          },
          ...(beside.plane.val === null
            ? []
            : [
                {
                  title: `${shortName(other)}: validation loss`,
                  at: beside.plane.at,
                  rows: beside.plane.val,
                  group: 'val',
                },
              ]),
        ]),
  ];
  const scaleOf = (group: string): [number, number] => {
    const losses = maps
      .flatMap((map) => (map.group === group ? map.rows.flat() : []))
      .filter((loss) => loss !== null);
    return [Math.min(...losses), Math.max(...losses)];
  };
  const wayTo = between === undefined ? undefined : others.find(({ id }) => id === between.run);
  return (
    <>
      <section className="ui-card judge-card" aria-labelledby="judge-landscape-words">
        <h2 id="judge-landscape-words">What it means</h2>
        <ul className="judge-words">
          {words.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {notes.map((note) => (
          <p key={note} className="muted small">
            {note}
          </p>
        ))}
        <dl className="judge-figures">
          <Figure name="Training loss" value={show(centre.train.loss)} hint={`${photos.train} photos`} />
          {centre.val === null ? null : (
            <Figure name="Validation loss" value={show(centre.val.loss)} hint={`${photos.val} photos`} />
          )}
          <Figure
            name="Sharpness, training"
            value={show(sharpness.train.rise)}
            hint={`± ${show(sharpness.train.error)}`}
          />
          {sharpness.val === null ? null : (
            <Figure
              name="Sharpness, validation"
              value={show(sharpness.val.rise)}
              hint={
                sharpness.val.accuracy === null ? '' : `right on ${percent(sharpness.val.accuracy)} there`
              }
            />
          )}
          {other === undefined || beside === null ? null : (
            <Figure
              name={`Sharpness of ${shortName(other)}`}
              value={show(beside.sharpness.train.rise)}
              hint={`± ${show(beside.sharpness.train.error)}`}
            />
          )}
        </dl>
        <p className="muted small">
          Sharpness is how much the loss rises at a distance of {sharpness.radius}: the mean over{' '}
          {sharpness.directions} random directions, both ways. At a distance of 1 every filter has moved by
          its own length.
        </p>
      </section>
      <section className="ui-card judge-card" aria-labelledby="judge-landscape-plane">
        <h2 id="judge-landscape-plane">Over two directions</h2>
        <p className="muted small">
          The model is in the middle; the stronger the colour, the higher the loss. Lines connect places of
          the same loss.
        </p>
        <div className="judge-landscape-maps">
          {maps.map(({ title, at, rows, group }) => (
            <LandscapeMap key={title} title={title} at={at} rows={rows} scale={scaleOf(group)} />
          ))}
        </div>
        {other !== undefined && beside === null ? (
          <p className="muted small">{shortName(other)} was not measured yet.</p>
        ) : null}
      </section>
      <LandscapeLines found={found} wayTo={wayTo === undefined ? undefined : shortName(wayTo)} />
    </>
  );
}

const show = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(3))));

function Figure({
  name,
  value,
  hint,
}: {
  readonly name: string;
  readonly value: string;
  readonly hint: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span>{value}</span>
        {hint === '' ? null : <span className="muted small">{hint}</span>}
      </dd>
    </div>
  );
}
