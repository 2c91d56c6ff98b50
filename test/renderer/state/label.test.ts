import { describe, expect, it } from 'vitest';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import type { RunPhoto } from '../../../src/contract/runs.ts';
import {
  countPhotos,
  noAnswers,
  sameFilter,
  wanted,
  type LabelFilter,
} from '../../../src/renderer/state/label-filter.ts';
import { noLabel, reduceLabel, type LabelState } from '../../../src/renderer/state/label.ts';
import type { Action } from '../../../src/renderer/state/action.ts';
import { photoTable } from '../../../src/renderer/state/photo-table.ts';

const row = (id: string, over: Partial<PhotoRow> = {}): PhotoRow => ({
  id,
  path: `${id}.jpg`,
  labels: [],
  ...over,
});
const rows = [
  row('a', { labels: ['rust'] }),
  row('b', { labels: ['rust', 'spots'] }),
  row('c'),
  row('d', { excluded: true }),
  row('e', { labels: ['healthy'], missing: true }),
  row('f', { target: 4.5 }),
];
const answer = (photo: string, predicted: string, confidence: number): RunPhoto => ({
  photo,
  path: `${photo}.jpg`,
  split: 'val',
  truth: 'rust',
  predicted,
  confidence,
  probabilities: [],
});
const answers = new Map(
  [answer('a', 'healthy', 0.95), answer('b', 'spots', 0.4), answer('c', 'rust', 0.5)].map((one) => [
    one.photo,
    one,
  ]),
);
const shown = (filter: LabelFilter): string =>
  rows
    .filter(wanted(filter, answers) ?? (() => true))
    .map(({ id }) => id)
    .join('');

describe('which photos are shown', () => {
  it.each([
    [{ kind: 'all' }, 'abcdef'],
    // What was left out needs no label, and a number is as good as one.
    [{ kind: 'unlabeled' }, 'c'],
    [{ kind: 'excluded' }, 'd'],
    [{ kind: 'missing' }, 'e'],
    // A photo without a label can't be disagreed about.
    [{ kind: 'disagrees' }, 'a'],
    [{ kind: 'unsure' }, 'bc'],
    [{ kind: 'class', name: 'rust' }, 'ab'],
  ] as const)('%j', (filter, ids) => {
    expect(shown(filter)).toBe(ids);
  });

  it('counts what each filter would show', () => {
    const { classes, ...counts } = countPhotos(photoTable(rows, 1), answers);
    expect(counts).toEqual({ all: 6, unlabeled: 1, excluded: 1, missing: 1, disagrees: 1, unsure: 2 });
    expect(Object.fromEntries(classes)).toEqual({ rust: 2, spots: 1, healthy: 1 });
    expect(countPhotos(photoTable(rows, 1), noAnswers)).toMatchObject({ disagrees: 0, unsure: 0 });
  });

  it('tells filters apart', () => {
    expect(sameFilter({ kind: 'class', name: 'a' }, { kind: 'class', name: 'a' })).toBe(true);
    expect(sameFilter({ kind: 'class', name: 'a' }, { kind: 'class', name: 'b' })).toBe(false);
    expect(sameFilter({ kind: 'all' }, { kind: 'unlabeled' })).toBe(false);
  });
});

describe('the state of the screen', () => {
  const after = (...actions: Action[]): LabelState => actions.reduce(reduceLabel, noLabel);
  const entered: Action = { type: 'label/entered', project: 'p' };
  const selected: Action = {
    type: 'label/selected',
    selection: { focused: 'a', anchor: 'a', selected: new Set(['a', 'b']) },
  };
  const similar = { photo: 'a', basis: 'features', numbers: new Map([['b', 0.5]]) } as const;

  it('ends a selection with the filter or the search it was made in, but keeps the keyboard where it is', () => {
    for (const change of [
      { type: 'label/filtered', filter: { kind: 'unlabeled' } },
      { type: 'label/searched', search: 'leaf' },
    ] as const) {
      const { selection } = after(entered, selected, change);
      expect(selection.selected.size).toBe(0);
      expect(selection.focused).toBe('a');
    }
    const sorted = after(entered, selected, {
      type: 'label/sorted',
      sort: { by: 'date', descending: true },
    });
    expect(sorted.selection.selected.size).toBe(2);
  });

  it('lets go of photos it held in sight when the keyboard goes on', () => {
    const held = after(entered, { type: 'label/held', photos: ['c'] });
    expect([...held.held]).toEqual(['c']);
    expect(reduceLabel(held, selected).held.size).toBe(0);
  });

  it('puts similar photos first, of this project only', () => {
    const searched = { type: 'label/searched', search: 'leaf' } as const;
    expect(after(entered, searched, { type: 'label/similar', project: 'p', similar })).toMatchObject({
      similar,
      // They may be anywhere.
      search: '',
      filter: { kind: 'all' },
      sort: { by: 'similarity', descending: true },
    });
    expect(after(entered, { type: 'label/similar', project: 'q', similar }).similar).toBeUndefined();
  });

  it('begins anew with another project, but as large as a person likes it', () => {
    const view: Action = { type: 'label/viewed', view: { tileSize: 200 } };
    const next = after(entered, selected, view, { type: 'label/entered', project: 'q' });
    expect(next).toEqual({ ...noLabel, project: 'q', view: { ...noLabel.view, tileSize: 200 } });
    expect(after(entered, selected, view, { type: 'project/closed' })).toMatchObject({ project: undefined });
    const same = after(entered, selected);
    expect(reduceLabel(same, entered)).toBe(same);
  });
});
