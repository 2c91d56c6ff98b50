import { useMemo } from 'react';
import { thumbPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { RunDetail, RunPhoto } from '../../../contract/runs.ts';
import { useActions, useAppState, useDispatch, useMediaUrl } from '../../api/context.tsx';
import { figure, percent, plural } from '../../components/format.ts';
import { PhotoGrid, type TileContent } from '../../components/photos/index.ts';
import { Button, EmptyState, ErrorState, Skeleton, ToggleGroup } from '../../components/ui/index.ts';
import type { PhotoChoice } from '../../state/judge.ts';
import type { Loadable } from '../../state/loadable.ts';
import { inCell, mostUncertain, worstMistakes } from './answers.ts';
import { OnePhoto } from './one-photo.tsx';
import { useClassColors } from './use-class-colors.ts';

interface PhotosPageProps {
  readonly project: ProjectState;
  readonly run: RunDetail;
  readonly photos: Loadable<readonly RunPhoto[]>;
}

const tileSize = 150;

/** The photos a run was checked on: its mistakes, its closest calls, or those behind a number of the matrix. */
export function PhotosPage({ project, run, photos }: PhotosPageProps) {
  const { runs } = useActions();
  if (photos.status === 'failed')
    return (
      <ErrorState error={photos.error} onRetry={() => void runs.photos(project.id, run.summary.id, true)} />
    );
  if (photos.status !== 'ready')
    return (
      <div className="judge-tiles-loading" role="status" aria-label="Loading the photos">
        {Array.from({ length: 10 }, (_, at) => (
          <Skeleton key={at} height={`${tileSize}px`} />
        ))}
      </div>
    );
  if (photos.value.length === 0)
    return (
      <EmptyState small title="This run did not keep its answers">
        Runs of older versions have figures only. Train again to see the photos behind them.
      </EmptyState>
    );
  return <Chosen project={project} run={run} photos={photos.value} />;
}

function Chosen({
  project,
  run,
  photos,
}: {
  readonly project: ProjectState;
  readonly run: RunDetail;
  readonly photos: readonly RunPhoto[];
}) {
  const dispatch = useDispatch();
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const { choice, photo } = useAppState((state) => state.judge);
  const shown = useMemo(() => choose(photos, choice), [photos, choice]);
  const tiles = useMemo(
    () =>
      new Map(
        shown.map((one): [string, TileContent] => [
          one.photo,
          {
            picture: mediaUrl(thumbPath(project.id, one.photo, 256)),
            name: one.path.slice(one.path.lastIndexOf('/') + 1),
            ...answerOf(one, colors),
          },
        ]),
      ),
    [shown, mediaUrl, project.id, colors],
  );
  const numbers = run.result?.task === 'regression';
  const ids = useMemo(() => shown.map((one) => one.photo), [shown]);
  const open = shown.find((one) => one.photo === photo);
  const look = (id: string | undefined): void => dispatch({ type: 'judge/looked', photo: id });
  return (
    <div className="judge-photos">
      <div className="judge-photos-bar">
        <ToggleGroup
          label="Which photos"
          value={choice.kind === 'cell' ? '' : choice.kind}
          options={[
            { value: 'mistakes', label: numbers ? 'Farthest off' : 'Mistakes' },
            ...(numbers ? [] : [{ value: 'uncertain' as const, label: 'Closest calls' }]),
            { value: 'all', label: 'All' },
          ]}
          onChange={(kind) => {
            if (kind !== '') dispatch({ type: 'judge/chosen', choice: { kind } });
          }}
        />
        <span className="muted small" role="status">
          {choice.kind === 'cell' ? `${choice.truth} called ${choice.predicted}: ` : ''}
          {plural(shown.length, 'photo')}
        </span>
        {choice.kind === 'cell' ? (
          <Button size="s" variant="quiet" onClick={() => dispatch({ type: 'judge/page', page: 'results' })}>
            Back to the table
          </Button>
        ) : null}
      </div>
      {shown.length === 0 ? (
        <EmptyState small title={choice.kind === 'mistakes' ? 'Not one mistake' : 'No photo is there'}>
          {choice.kind === 'mistakes'
            ? 'Every photo it was checked on got the right answer. With few photos that can be luck.'
            : 'No photo that it was checked on was answered this way.'}
        </EmptyState>
      ) : (
        <PhotoGrid
          label={`Photos it was checked on, ${plural(shown.length, 'photo')}`}
          ids={ids}
          contentOf={(id) => tiles.get(id) ?? none}
          tileSize={tileSize}
          focused={photo}
          onFocus={() => undefined}
          onPress={(id) => look(id)}
          onOpen={look}
        />
      )}
      {open === undefined ? null : (
        <OnePhoto
          key={open.photo}
          project={project}
          run={run}
          photo={open}
          onClose={() => look(undefined)}
          {...neighbours(ids, open.photo, look)}
        />
      )}
    </div>
  );
}

/** What the tile of an answer says. */
function answerOf(
  { truth, predicted, confidence, labels, value }: RunPhoto,
  colors: ReadonlyMap<string, number>,
): Pick<TileContent, 'classes' | 'note' | 'noteTone' | 'spoken'> {
  if (value !== undefined)
    return {
      classes: [{ name: figure(value.truth), color: 0 }],
      note: `said ${figure(value.predicted)}`,
      noteTone: 'neutral',
      spoken: `the model said ${figure(value.predicted)}`,
    };
  const right = truth === predicted;
  const chip = (name: string) => ({ name, color: colors.get(name) ?? 0 });
  const said = predicted || 'no label';
  return {
    classes: (labels?.truth ?? [truth]).map(chip),
    note: right ? percent(confidence) : labels === undefined ? `${said} ${percent(confidence)}` : said,
    noteTone: right ? 'good' : 'problem',
    spoken: right ? 'answered right' : `${labels === undefined ? 'taken for' : 'given'} ${said}`,
  };
}

const none: TileContent = { picture: '', name: '', classes: [] };

function choose(photos: readonly RunPhoto[], choice: PhotoChoice): readonly RunPhoto[] {
  switch (choice.kind) {
    case 'mistakes':
      return worstMistakes(photos);
    case 'uncertain':
      return mostUncertain(photos);
    case 'cell':
      return inCell(photos, choice);
    default:
      return photos;
  }
}

function neighbours(
  ids: readonly string[],
  id: string,
  look: (id: string) => void,
): { readonly onBefore?: () => void; readonly onAfter?: () => void } {
  const at = ids.indexOf(id);
  const [before, after] = [at > 0 ? ids[at - 1] : undefined, ids[at + 1]];
  return {
    ...(before === undefined ? {} : { onBefore: () => look(before) }),
    ...(after === undefined ? {} : { onAfter: () => look(after) }),
  };
}
