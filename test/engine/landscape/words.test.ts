import { describe, expect, it } from 'vitest';
import type { Landscape } from '../../../src/contract/landscape.ts';
import { landscapeWords } from '../../../src/engine/landscape/words.ts';

const rise = { rise: 0.01, error: 0.001, accuracy: 0.9 };
const landscape: Omit<Landscape, 'words'> = {
  version: 1,
  run: 'a',
  createdAt: '2026-01-01T00:00:00Z',
  sliced: { weights: 1282, filters: 2, finetuned: false },
  loss: 'cross-entropy',
  photos: { train: 10, val: 10, ofTrain: 10, ofVal: 10 },
  seed: 0,
  centre: { train: { loss: 0.1, accuracy: 1 }, val: { loss: 0.2, accuracy: 0.905 } },
  line: { at: [-1, 0, 1], train: [1, 0.1, 1], val: [1, 0.2, 1] },
  plane: { at: [0], train: [[0.1]], val: [[0.2]] },
  sharpness: { radius: 1, directions: 10, train: rise, val: rise },
  notes: [],
  seconds: 1,
};
const words = (changes: Partial<Landscape>): string => landscapeWords({ ...landscape, ...changes }).join(' ');
const accuracyAt = (accuracy: number): Landscape['sharpness'] => ({
  ...landscape.sharpness,
  val: { ...rise, accuracy },
});

describe('what a landscape means', () => {
  it('is said by what is lost on validation photos', () => {
    expect(words({})).toContain(
      'right on 90.0% of the validation photos instead of 90.5%. The model lies in a flat place',
    );
    expect(words({ sharpness: accuracyAt(0.87) })).toContain('gentle slopes');
    expect(words({ sharpness: accuracyAt(0.6) })).toContain('steep place');
  });

  it('is said by the loss for numbers, and by training photos where there are no others', () => {
    const numbers = {
      centre: { train: { loss: 0.1, accuracy: null }, val: null },
      sharpness: { ...landscape.sharpness, train: { rise: 0.2, error: 0, accuracy: null }, val: null },
    };
    expect(words(numbers)).toContain(
      'the loss on training photos becomes 0.3 instead of 0.1. The model lies in a steep',
    );
    const lost = { ...numbers.sharpness, train: { rise: null, error: null, accuracy: null } };
    expect(words({ ...numbers, sharpness: lost })).toContain('no number any more');
  });

  it('tells of lower places', () => {
    expect(words({})).not.toContain('lower elsewhere');
    expect(words({ plane: { at: [0], train: [[0.05]], val: null } })).toContain('0.05 against 0.1');
  });

  it('tells of the way to another run', () => {
    const between = { ...landscape.line, run: 'b' };
    expect(words({ between: { ...between, barrier: 0.001 } })).toContain('the same valley');
    expect(words({ between: { ...between, barrier: 0.5 } })).toContain('A ridge of 0.5');
    expect(words({ between: { ...between, barrier: null } })).toContain('a high ridge');
  });

  it('says what was moved, and what was not', () => {
    expect(words({})).toContain(
      'Moved are the 1,282 weights of the head, in 2 filters; the backbone stays as it is',
    );
    expect(words({ sliced: { ...landscape.sliced, finetuned: true } })).toContain('are not moved');
    expect(words({ photos: { train: 4000, val: 10, ofTrain: 9000, ofVal: 10 } })).toContain('4,000 of 9,000');
  });
});
