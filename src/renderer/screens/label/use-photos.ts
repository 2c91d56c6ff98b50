import { useEffect, useMemo, useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import type { PhotoRow } from '../../../contract/photos.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { countPhotos, noAnswers, wanted, type Answers, type PhotoCounts } from '../../state/label-filter.ts';
import type { LabelState } from '../../state/label.ts';
import { valueOf } from '../../state/loadable.ts';
import { queryPhotos, type PhotoOrder } from '../../state/photo-order.ts';
import type { PhotoTable } from '../../state/photo-table.ts';

/** The photos of the screen: which are shown, in which order, and how many there are of each kind. */
export interface ShownPhotos {
  readonly table: PhotoTable;
  /** Those that are shown, in their order; the same object as long as they are the same. */
  readonly ids: readonly string[];
  readonly counts: PhotoCounts;
  /** What the last run said. */
  readonly answers: Answers;
}

/** What the filter, the search and the order make of the project's photos. */
export function useShownPhotos(project: ProjectState): ShownPhotos {
  const table = useAppState((state) => state.project.photos);
  const { filter, search, sort, similar, next, held } = useAppState((state) => state.label);
  const answers = useAnswers(project);
  const numbers = useMemo(
    () => new Map([...answers].map(([id, { confidence }]) => [id, confidence])),
    [answers],
  );
  const found = useMemo(() => {
    const matches = wanted(filter, answers);
    const where =
      matches === undefined || held.size === 0
        ? matches
        : (row: PhotoRow) => held.has(row.id) || matches(row);
    return queryPhotos(table, {
      where,
      search,
      order: orderOf(sort, { confidence: numbers, similarity: similar?.numbers, next }),
    });
  }, [table, filter, search, sort, similar, next, held, answers, numbers]);
  const counts = useMemo(() => countPhotos(table, answers), [table, answers]);
  return { table, ids: useSame(found), counts, answers };
}

function orderOf(
  { by, descending }: LabelState['sort'],
  numbers: Readonly<Record<'confidence' | 'similarity' | 'next', ReadonlyMap<string, number> | undefined>>,
): PhotoOrder {
  if (by === 'name' || by === 'date') return { by, descending };
  const known = numbers[by];
  return known === undefined ? { by: 'name', descending } : { by: 'number', numbers: known, descending };
}

/** What the last run said of each photo it did not learn from; fetched once the screen is shown. */
function useAnswers({ id, lastRun }: ProjectState): Answers {
  const { runs } = useActions();
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  useEffect(() => {
    if (connected && lastRun !== null) void runs.photos(id, lastRun);
  }, [connected, id, lastRun, runs]);
  const photos = useAppState((state) =>
    lastRun === null ? undefined : valueOf(state.runs.photos.get(lastRun) ?? { status: 'idle' }),
  );
  return useMemo(
    () => (photos === undefined ? noAnswers : new Map(photos.map((photo) => [photo.photo, photo]))),
    [photos],
  );
}

/** The list of before, as long as the new one has the same ids: most changes of labels move nothing. */
function useSame(next: readonly string[]): readonly string[] {
  const [kept, setKept] = useState(next);
  const same = kept === next || (kept.length === next.length && kept.every((id, at) => id === next[at]));
  if (!same) setKept(next);
  return same ? kept : next;
}
