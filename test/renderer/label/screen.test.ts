import { describe, expect, it } from 'vitest';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import type { RunPhoto } from '../../../src/contract/runs.ts';
import { windowInView } from '../../../src/renderer/screens/label/model-view.ts';
import { createTiles, thumbFor } from '../../../src/renderer/screens/label/use-tiles.ts';

const row: PhotoRow = { id: 'a', path: 'rust/leaf 1.jpg', labels: ['rust'] };
const answer: RunPhoto = {
  photo: 'a',
  path: row.path,
  split: 'val',
  truth: 'rust',
  predicted: 'spots',
  confidence: 0.8,
  probabilities: [],
};
const looks: Parameters<typeof createTiles>[0] = {
  pictureOf: (id) => `/${id}`,
  answers: new Map([['a', answer]]),
  similar: { photo: 'a', basis: 'looks', numbers: new Map([['a', Number.MAX_VALUE]]) },
  colors: new Map([['rust', 3]]),
  note: 'none',
};

describe('what a tile shows', () => {
  it('is the same object until the photo changes', () => {
    const tile = createTiles(looks);
    const first = tile(row, false);
    expect(first).toMatchObject({
      picture: '/a',
      name: 'leaf 1.jpg',
      classes: [{ name: 'rust', color: 3 }],
      selected: false,
    });
    expect(tile(row, false)).toBe(first);
    expect(tile(row, true)).not.toBe(first);
    expect(tile(row, true)).toBe(tile(row, true));
    expect(tile({ ...row }, false)).not.toBe(first);
  });

  it('says what the last run said, and how like a photo is', () => {
    expect(createTiles({ ...looks, note: 'answer' })(row, false)).toMatchObject({
      note: 'spots 80.0%',
      noteTone: 'problem',
    });
    const right = createTiles({ ...looks, note: 'answer' })({ ...row, labels: ['spots'] }, false);
    expect(right).toMatchObject({ note: '80.0%', noteTone: 'neutral' });
    const like = { ...looks, note: 'similarity' } as const;
    // The photo that the others are compared to has no likeness of its own.
    expect(createTiles(like)(row, false).note).toBeUndefined();
    const other = {
      ...like,
      similar: { photo: 'b', basis: 'looks', numbers: new Map([['a', 0.734]]) },
    } as const;
    expect(createTiles(other)(row, false).note).toBe('0.73');
  });

  it('says of several labels whether all of them are right', () => {
    const labels = { truth: ['rust'], predicted: ['rust', 'wet'] };
    const several = { ...answer, predicted: 'rust; wet', labels };
    const tile = createTiles({ ...looks, answers: new Map([['a', several]]), note: 'answer' });
    expect(tile(row, false)).toMatchObject({ note: 'rust; wet 80.0%', noteTone: 'problem' });
    expect(tile({ ...row, labels: ['wet', 'rust'] }, false)).toMatchObject({
      note: '80.0%',
      noteTone: 'neutral',
    });
  });

  it('is a number where numbers are predicted', () => {
    expect(createTiles(looks)({ ...row, labels: [], target: 4.25 }, false).classes).toEqual([
      { name: '4.25', color: 0 },
    ]);
  });

  it('has a thumbnail that fills it, on screens with small pixels too', () => {
    expect([thumbFor(72, 1), thumbFor(144, 1), thumbFor(320, 1), thumbFor(144, 2), thumbFor(320, 3)]).toEqual(
      [128, 256, 512, 512, 512],
    );
  });
});

describe('a part of a photo in the picture a model is given', () => {
  const photo = { width: 400, height: 200 };
  const whole = { x: 0, y: 0, width: 1, height: 1 };

  it('is the whole of it where it is cut out of the middle just so', () => {
    expect(windowInView({ x: 0.25, y: 0, width: 0.5, height: 1 }, photo, 'crop')).toEqual(whole);
  });

  it('leaves a margin where the model is given less', () => {
    const inner = windowInView({ x: 0.3, y: 0.1, width: 0.4, height: 0.8 }, photo, 'crop');
    expect(inner.x).toBeCloseTo(0.1);
    expect(inner.y).toBeCloseTo(0.1);
    expect(inner.width).toBeCloseTo(0.8);
    expect(inner.height).toBeCloseTo(0.8);
  });

  it('reaches into the grey where that is added', () => {
    expect(windowInView({ x: 0, y: -0.5, width: 1, height: 2 }, photo, 'pad')).toEqual(whole);
    expect(windowInView(whole, photo, 'pad')).toEqual({ x: 0, y: 0.25, width: 1, height: 0.5 });
  });

  it('is what it is in a squashed photo', () => {
    expect(windowInView(whole, photo, 'squash')).toEqual(whole);
  });
});
