import { describe, expect, test } from 'vitest';
import { domainOf } from '../../../src/engine/evaluate/domain.ts';

/** A row of 1000 probabilities: so sure of one thing, the rest shared evenly. */
function surely(share: number, of = 7): number[] {
  return Array.from({ length: 1000 }, (_, index) => (index === of ? share : (1 - share) / 999));
}

describe('how familiar photos look to an ImageNet network', () => {
  test('says how sure it is, and measures that by its accuracy on ImageNet', () => {
    const answers = Float32Array.from([...surely(0.8), ...surely(0.4), ...surely(0.3)]);
    const domain = domainOf(answers, 1000, 0.75);
    expect(domain?.photos).toBe(3);
    expect(domain?.confidence).toBeCloseTo(0.5, 5);
    expect(domain?.sure).toBeCloseTo(1 / 3, 5);
    expect(domain?.nearness).toBe('between');
    const [low, high] = domain?.interval ?? [1, 0];
    expect(low).toBeGreaterThanOrEqual(0.3 - 1e-6);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeLessThanOrEqual(0.8 + 1e-6);
    expect(high).toBeGreaterThan(0.5);
  });

  test('near where it is as sure as on its own photos, far where it has no idea', () => {
    const row = (share: number): Float32Array => Float32Array.from(surely(share));
    expect(domainOf(row(0.75), 1000, 0.75)?.nearness).toBe('near');
    expect(domainOf(row(0.05), 1000, 0.75)?.nearness).toBe('far');
    expect(domainOf(row(0.001), 1000, 0.75)?.entropy).toBeCloseTo(1, 3);
    expect(domainOf(row(1), 1000, 0.75)?.entropy).toBeCloseTo(0, 6);
  });

  test('takes scores as well as probabilities, and does not count the background', () => {
    const probabilities = surely(0.6);
    // Any constant may be added to scores.
    const scores = Float32Array.from(probabilities, (share) => Math.log(share) + 3);
    expect(domainOf(scores, 1000, 0.7)?.confidence).toBeCloseTo(0.6, 4);
    const half = Float32Array.from([0.5, ...probabilities.map((share) => share / 2)]);
    expect(domainOf(half, 1001, 0.7)?.confidence).toBeCloseTo(0.6, 4);
  });

  test('judges nothing where the accuracy is not known, and measures nothing on other networks', () => {
    const domain = domainOf(Float32Array.from(surely(0.6)), 1000, undefined);
    expect(domain?.nearness).toBeNull();
    expect(domain?.expected).toBeNull();
    expect(domainOf(new Float32Array(3), 3, 0.7)).toBeUndefined();
    expect(domainOf(new Float32Array(), 1000, 0.7)).toBeUndefined();
  });
});
