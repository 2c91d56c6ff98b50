import { ArrowDown, ArrowUp, Equal } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { thumbPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunDetail, RunSummary } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch, useMediaUrl } from '../../api/context.tsx';
import { duration, percent, plural } from '../../components/format.ts';
import {
  Badge,
  ClassChip,
  ColumnHead,
  EmptyState,
  ErrorState,
  Select,
  Skeleton,
  Table,
} from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import {
  changedAnswers,
  compareFigures,
  compareSettings,
  sharedPhotos,
  type ComparedFigure,
} from './compare.ts';
import { nameOfRun } from '../../components/runs/run-name.ts';
import { useClassColors } from './use-class-colors.ts';

interface ComparePageProps {
  readonly project: ProjectState;
  readonly run: RunDetail;
  readonly others: readonly RunSummary[];
}

/** Two runs side by side: figures, settings that differ, photos whose answers changed. */
export function ComparePage({ project, run, others }: ComparePageProps) {
  const { runs } = useActions();
  const dispatch = useDispatch();
  const chosen = useAppState((state) => state.judge.other);
  const other = others.find(({ id }) => id === chosen) ?? others.at(0);
  const id = other?.id;
  useEffect(() => {
    if (id === undefined) return;
    void runs.details(project.id, id);
    void runs.photos(project.id, id);
  }, [runs, project.id, id]);
  const detail = useAppState((state) => (id === undefined ? undefined : state.runs.details.get(id)));
  const before = detail === undefined ? undefined : valueOf(detail);
  if (other === undefined)
    return (
      <EmptyState small title="There is only one run">
        Train again, with other settings or mended labels, to see what it changes.
      </EmptyState>
    );
  return (
    <div className="judge-compare">
      <Select
        label="Run to compare with"
        prefix="Compared with"
        value={other.id}
        options={others.map((one) => ({ value: one.id, label: nameOfRun(one) }))}
        onChange={(next) => dispatch({ type: 'judge/compared', other: next })}
      />
      {detail?.status === 'failed' ? (
        <ErrorState
          small
          error={detail.error}
          onRetry={() => void runs.details(project.id, other.id, true)}
        />
      ) : before === undefined ? (
        <Skeleton height="300px" />
      ) : (
        <>
          <Figures before={before} after={run} />
          <Settings before={before} after={run} />
          <Answers project={project} before={before} after={run} />
        </>
      )}
    </div>
  );
}

interface Pair {
  readonly before: RunDetail;
  readonly after: RunDetail;
}

function Figures({ before, after }: Pair) {
  const figures = useMemo(() => compareFigures(before, after), [before, after]);
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-compare-figures">
      <h2 id="judge-compare-figures">Figures</h2>
      <Table caption="Figures of both runs">
        <thead>
          <tr>
            <ColumnHead>On photos it was checked on</ColumnHead>
            <ColumnHead numeric>{nameOfRun(before.summary)}</ColumnHead>
            <ColumnHead numeric>{nameOfRun(after.summary)}</ColumnHead>
            <ColumnHead>Change</ColumnHead>
          </tr>
        </thead>
        <tbody>
          {figures.map((figure) => (
            <tr key={figure.name}>
              <th scope="row">{figure.name}</th>
              <td className="numeric">{show(figure.before, figure.kind)}</td>
              <td className="numeric">{show(figure.after, figure.kind)}</td>
              <td>
                <Change figure={figure} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      <p className="muted small">
        With few photos a small difference can be chance: look at the photos whose answers changed.
      </p>
    </section>
  );
}

function show(value: number | null, kind: ComparedFigure['kind']): string {
  if (value === null) return '–';
  if (kind === 'share') return percent(value);
  if (kind === 'seconds') return duration(value);
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

function Change({ figure: { before, after, better, kind } }: { readonly figure: ComparedFigure }) {
  if (before === null || after === null) return <>–</>;
  if (show(before, kind) === show(after, kind))
    return (
      <span className="judge-change muted">
        <Equal aria-hidden /> the same
      </span>
    );
  const up = after > before;
  const good = better === 'neither' ? undefined : up === (better === 'more');
  const Icon = up ? ArrowUp : ArrowDown;
  return (
    <span className="judge-change">
      <Icon aria-hidden />
      {show(Math.abs(after - before), kind).replace('%', ' points')}
      {good === undefined ? null : (
        <Badge tone={good ? 'good' : 'problem'}>{good ? 'better' : 'worse'}</Badge>
      )}
    </span>
  );
}

function Settings({ before, after }: Pair) {
  const settings = useMemo(() => compareSettings(before, after), [before, after]);
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-compare-settings">
      <h2 id="judge-compare-settings">What was done differently</h2>
      {settings.length === 0 ? (
        <p className="muted small">Both runs had the same settings and the same number of photos.</p>
      ) : (
        <Table caption="Settings that differ">
          <thead>
            <tr>
              <ColumnHead>Setting</ColumnHead>
              <ColumnHead>{nameOfRun(before.summary)}</ColumnHead>
              <ColumnHead>{nameOfRun(after.summary)}</ColumnHead>
            </tr>
          </thead>
          <tbody>
            {settings.map(({ name, before: then, after: now }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{then}</td>
                <td>{now}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </section>
  );
}

/** More would be a page nobody reads. */
const most = 60;

function Answers({ project, before, after }: Pair & { readonly project: ProjectState }) {
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const dispatch = useDispatch();
  const { runs } = useActions();
  const photos = useAppState((state) => state.runs.photos);
  const failed = [before, after]
    .map(({ summary }) => photos.get(summary.id))
    .find((part) => part?.status === 'failed');
  const [then, now] = [before, after].map(({ summary }) => {
    const found = photos.get(summary.id);
    return found === undefined ? undefined : valueOf(found);
  });
  const changed = useMemo(
    () => (then === undefined || now === undefined ? undefined : changedAnswers(then, now)),
    [then, now],
  );
  const shared = useMemo(
    () => (then === undefined || now === undefined ? 0 : sharedPhotos(then, now)),
    [then, now],
  );
  const became = (what: string): number => changed?.filter((one) => one.became === what).length ?? 0;
  return (
    <section className="ui-card judge-card" aria-labelledby="judge-compare-answers">
      <h2 id="judge-compare-answers">Photos whose answers changed</h2>
      {failed !== undefined ? (
        <ErrorState
          small
          error={failed.error}
          onRetry={() => {
            void runs.photos(project.id, before.summary.id, true);
            void runs.photos(project.id, after.summary.id, true);
          }}
        />
      ) : changed === undefined ? (
        <Skeleton height="220px" />
      ) : then?.length === 0 || now?.length === 0 ? (
        <p className="muted small">
          One of these runs is of an older version and did not keep its answers, so they can’t be compared.
        </p>
      ) : (
        <>
          <p className="muted small">
            Of {plural(shared, 'photo')} that both were checked on: {became('right')} became right,{' '}
            {became('wrong')} became wrong, {became('otherwise wrong')} are wrong in another way.
          </p>
          <ul className="judge-changed">
            {changed.slice(0, most).map((one) => (
              <li key={one.photo}>
                <button
                  type="button"
                  onClick={() => {
                    dispatch({ type: 'judge/chosen', choice: { kind: 'all' } });
                    dispatch({ type: 'judge/looked', photo: one.photo });
                  }}
                >
                  <img
                    src={mediaUrl(thumbPath(project.id, one.photo, 256))}
                    alt=""
                    width="160"
                    height="120"
                    loading="lazy"
                  />
                  <span className="truncate small">{one.path.slice(one.path.lastIndexOf('/') + 1)}</span>
                  <span className="judge-changed-labels small">
                    <ClassChip color={colors.get(one.before) ?? 0} name={one.before} />
                    <span aria-label="became">→</span>
                    <ClassChip color={colors.get(one.after) ?? 0} name={one.after} />
                  </span>
                  <Badge tone={one.became === 'right' ? 'good' : 'problem'}>
                    {one.became === 'right'
                      ? 'right now'
                      : one.became === 'wrong'
                        ? 'wrong now'
                        : 'still wrong'}
                  </Badge>
                </button>
              </li>
            ))}
          </ul>
          {changed.length > most ? (
            <p className="muted small">{plural(changed.length - most, 'more photo')} with another answer.</p>
          ) : null}
        </>
      )}
    </section>
  );
}
