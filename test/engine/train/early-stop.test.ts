import { expect, test } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { earlyStopOf, isBetter, nothingYet, watchedValue } from '../../../src/engine/train/early-stop.ts';

test('reads a metric and a patience', () => {
  expect(earlyStopOf('loss:12', 3)).toEqual({ metric: 'loss', patience: 12 });
  expect(earlyStopOf('accuracy:5', 3)).toEqual({ metric: 'accuracy', patience: 5 });
  expect(earlyStopOf('off', 3)).toEqual({ metric: 'loss', patience: Infinity });
  expect(earlyStopOf(undefined, 3)).toEqual({ metric: 'loss', patience: 3 });
});

test.each(['', 'loss', 'loss:', 'loss:0', 'loss:-1', 'loss:1.5', 'beauty:3', 'loss:3:4', ' loss:3'])(
  'refuses "%s" and says what would do',
  (text) => {
    const refusal = expect.objectContaining({
      code: 'bad-usage',
      remedy: expect.stringContaining('accuracy:10'),
    });
    expect(() => earlyStopOf(text, 3)).toThrow(HolotypeError);
    expect(() => earlyStopOf(text, 3)).toThrow(refusal);
  },
);

test('the loss decides, or the accuracy and of equals the loss', () => {
  const a = { loss: 0.5, accuracy: 0.8 };
  const b = { loss: 0.6, accuracy: 0.9 };
  const c = { loss: 0.4, accuracy: 0.8 };
  expect(isBetter('loss', a, b)).toBe(true);
  expect(isBetter('accuracy', a, b)).toBe(false);
  expect(isBetter('accuracy', b, a)).toBe(true);
  expect(isBetter('accuracy', c, a)).toBe(true);
  expect(isBetter('accuracy', a, a)).toBe(false);
  for (const metric of ['loss', 'accuracy'] as const) {
    expect(isBetter(metric, a, nothingYet)).toBe(true);
    expect(isBetter(metric, { loss: Number.NaN, accuracy: Number.NaN }, nothingYet)).toBe(false);
  }
  expect(watchedValue('loss', a)).toBe(0.5);
  expect(watchedValue('accuracy', b)).toBeLessThan(watchedValue('accuracy', a));
});
