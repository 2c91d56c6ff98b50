import { useMemo } from 'react';
import { thumbPath, thumbSizes, type ThumbSize } from '../../../contract/media.ts';
import type { PhotoRow } from '../../../contract/photos.ts';
import { useAppState, useMediaUrl } from '../../api/context.tsx';
import { percent } from '../../components/format.ts';
import type { TileContent } from '../../components/photos/index.ts';
import { valueOf } from '../../state/loadable.ts';
import { photoById } from '../../state/photo-table.ts';
import { agrees, type Answers } from '../../state/label-filter.ts';
import type { Similar } from '../../state/label.ts';
import type { ShownPhotos } from './use-photos.ts';

/** The size of thumbnail that fills a tile of so many pixels: a photo of 4 to 3 is cut to the tile's square. */
export function thumbFor(side: number, ratio: number): ThumbSize {
  const needed = side * ratio * 1.2;
  return thumbSizes.find((size) => size >= needed) ?? thumbSizes[thumbSizes.length - 1] ?? 512;
}

const unknown: TileContent = { picture: '', name: '', classes: [] };

/**
 * What each tile shows. A tile gets the same object as long as it looks the same, so that a change of some photos
 * draws only those again: remembered by a photo's row, which is another object after a change.
 */
export function useTiles(
  project: string,
  { table, answers }: ShownPhotos,
  colors: ReadonlyMap<string, number>,
): (id: string) => TileContent {
  const mediaUrl = useMediaUrl();
  const { filter, sort, similar, view, selection } = useAppState((state) => state.label);
  const number = useAppState((state) => valueOf(state.project.state)?.task === 'regression');
  const size = thumbFor(view.tileSize, window.devicePixelRatio);
  const note =
    sort.by === 'similarity'
      ? 'similarity'
      : sort.by === 'confidence' || filter.kind === 'disagrees' || filter.kind === 'unsure'
        ? 'answer'
        : 'none';
  const make = useMemo(
    () =>
      createTiles({
        pictureOf: (id) => mediaUrl(thumbPath(project, id, size)),
        answers,
        similar,
        colors,
        number,
        note,
      }),
    [project, mediaUrl, size, answers, similar, colors, number, note],
  );
  const { selected } = selection;
  return useMemo(
    () => (id: string) => {
      const row = photoById(table, id);
      return row === undefined ? unknown : make(row, selected.has(id));
    },
    [table, make, selected],
  );
}

interface Looks {
  readonly pictureOf: (id: string) => string;
  readonly answers: Answers;
  readonly similar: Similar | undefined;
  readonly colors: ReadonlyMap<string, number>;
  /** Photos have a number; absent: those that have one show it. */
  readonly number?: boolean;
  /** What stands in the corner. */
  readonly note: 'similarity' | 'answer' | 'none';
}

/** Makes contents of tiles, and remembers them by the row they were made of. */
export function createTiles(looks: Looks): (row: PhotoRow, selected: boolean) => TileContent {
  const plain = new WeakMap<PhotoRow, TileContent>();
  const chosen = new WeakMap<PhotoRow, TileContent>();
  return (row, selected) => {
    const remembered = selected ? chosen : plain;
    const known = remembered.get(row);
    if (known !== undefined) return known;
    const made = { ...contentOf(row, looks), selected };
    remembered.set(row, made);
    return made;
  };
}

function contentOf(row: PhotoRow, looks: Looks): TileContent {
  const { pictureOf, answers, similar, colors, note, number = row.target !== undefined } = looks;
  const base: TileContent = {
    picture: pictureOf(row.id),
    name: row.path.slice(row.path.lastIndexOf('/') + 1),
    classes:
      number && row.target !== undefined
        ? [{ name: String(row.target), color: 0 }]
        : number
          ? []
          : row.labels.map((name) => ({ name, color: colors.get(name) ?? 0 })),
    excluded: row.excluded === true,
    missing: row.missing === true,
  };
  const answer = answers.get(row.id);
  if (note === 'answer' && answer !== undefined) {
    if (answer.value !== undefined)
      return { ...base, note: answer.predicted, spoken: `the last run says ${answer.predicted}` };
    const right = agrees(row, answer);
    return {
      ...base,
      note: right ? percent(answer.confidence) : `${answer.predicted} ${percent(answer.confidence)}`,
      noteTone: right || row.labels.length === 0 ? 'neutral' : 'problem',
      spoken: `the last run says ${answer.predicted}`,
    };
  }
  const likeness = similar?.numbers.get(row.id);
  if (note === 'similarity' && likeness !== undefined && likeness <= 1)
    return { ...base, note: likeness.toFixed(2), spoken: 'likeness' };
  return base;
}
