import { beforeAll, describe, expect, test } from 'vitest';
import { exploreSettingsSchema } from '../../../src/contract/explore.ts';
import { explore } from '../../../src/engine/explore/explore.ts';
import type { Explored, ExploreEvent, ExploreInput } from '../../../src/engine/explore/explore.ts';
import { labelNext, uncertaintyOf } from '../../../src/engine/explore/label-next.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import { startWasm } from '../train/tf-testing.ts';
import { clouds, isPartition } from './clouds.ts';

beforeAll(startWasm);

const kinds = 4;
const names = ['a', 'b', 'c', 'd'];

/** Photos of four kinds: two versions of one shot at the end, and one that is of no kind before them. */
function photos(over: Partial<ExploreInput> = {}): ExploreInput {
  const rows = 203;
  const { data } = clouds(rows, 40, kinds, 2);
  data.set(data.subarray(0, 40), 201 * 40);
  data.set(data.subarray(0, 40), 202 * 40);
  for (let j = 0; j < 40; j++) data[200 * 40 + j] = j % 8 === 0 ? 12 : 0;
  return {
    features: { rows, columns: 40, data: data.map((value) => value) },
    finalColumns: 32,
    hashes: Array.from({ length: rows }, (_, row) => (row < 201 ? '0'.repeat(16) : 'abcdef0123456789')),
    files: Array.from({ length: rows }, () => ({ width: 640, height: 480, bytes: 90_000 })),
    labels: Int32Array.from({ length: rows }, (_, row) => (row < 200 ? row % kinds : -1)),
    task: 'single-label',
    classes: names,
    settings: exploreSettingsSchema.parse({ next: 5 }),
    ...over,
  };
}

async function explored(input: ExploreInput): Promise<{ result: Explored; events: ExploreEvent[] }> {
  const events: ExploreEvent[] = [];
  const work = explore(input);
  for (;;) {
    const { value, done } = await work.next();
    if (done === true) return { result: value, events };
    events.push(value);
  }
}

const mostFirst = (scores: Float32Array): number[] =>
  [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));

describe('looking through photos', () => {
  test('without labels: groups, copies, the photo that does not belong, what to label first', async () => {
    const labels = new Int32Array(203).fill(-1);
    const { result, events } = await explored(photos({ labels, classes: [] }));
    expect(isPartition(result.groups.assignment.subarray(0, 200), kinds)).toBe(true);
    expect(mostFirst(result.anomalies)[0]).toBe(200);
    expect(result.duplicates[0]).toEqual({
      photos: [0, 201, 202],
      similarity: expect.closeTo(1, 4) as number,
    });
    expect(result.mistakes).toEqual([]);
    expect(result.nextBy).toBe('diversity');
    // One of each kind before a second of any.
    const first = result.next.slice(0, kinds).map(({ index }) => result.groups.assignment[index]);
    expect(new Set(first).size).toBe(kinds);
    expect(result.next.map(({ score }) => score)).toEqual(
      result.next.map(({ score }) => score).sort((a, b) => b - a),
    );
    const firstMap = events.find((event) => event.type === 'first');
    expect(firstMap).toMatchObject({ groups: result.groups });
  });

  test('a file like no other is among the first of odd photos, with the reason', async () => {
    const input = photos();
    const files = input.files.map((file, row) =>
      row === 77 ? { width: 160, height: 120, bytes: 5_600 } : file,
    );
    const { result } = await explored({ ...input, files });
    const place = (anomalies: Float32Array): number => mostFirst(anomalies).indexOf(77);
    expect(place(result.anomalies)).toBeLessThan(3);
    expect([...result.oddFacts]).toEqual([
      [77, expect.objectContaining({ fact: 'size', side: 'below', own: 120 })],
    ]);
    // Where files are alike, what photos show counts alone.
    const { result: alike } = await explored(input);
    expect(place(alike.anomalies)).toBeGreaterThan(3);
    expect(alike.oddFacts.size).toBe(0);
  });

  test('with labels: those that were changed are suspected first, with the right class', async () => {
    const input = photos();
    const wrong = [3, 50, 101, 160];
    for (const row of wrong) input.labels[row] = (row + 1) % kinds;
    const { result } = await explored(input);
    const suspects = result.mistakes.slice(0, wrong.length);
    expect(suspects.map(({ index }) => index).sort((a, b) => a - b)).toEqual(wrong);
    for (const { index, given, suggested } of suspects)
      expect([given, suggested]).toEqual([names[(index + 1) % kinds], names[index % kinds]]);
    expect(result.next.every(({ index }) => index >= 200)).toBe(true);
  });

  test('with several labels: those that are missing or too many are found, one by one', async () => {
    // Kinds 0 and 1 have the first label, 1 and 2 the second: every kind another set.
    const right = (row: number): [number, number] => [
      row % kinds < 2 ? 1 : 0,
      [1, 2].includes(row % kinds) ? 1 : 0,
    ];
    const several = new Float32Array(203 * 2);
    for (let row = 0; row < 200; row++) several.set(right(row), row * 2);
    const input = photos({ task: 'multi-label', classes: ['round', 'red'], targets: several });
    several[4 * 2] = 0; // lacks "round"
    several[7 * 2 + 1] = 1; // has "red" and should not
    const { result } = await explored(input);
    expect(result.mistakes.slice(0, 2).sort((a, b) => a.index - b.index)).toMatchObject([
      { index: 4, given: 'not round', suggested: 'round', label: { name: 'round', seems: 'missing' } },
      { index: 7, given: 'red', suggested: 'not red', label: { name: 'red', seems: 'extra' } },
    ]);
    for (const { label } of result.mistakes.slice(0, 2)) expect(label?.confidence).toBeGreaterThan(0.5);
    expect(result.nextBy).toBe('uncertainty');
    expect(result.next.every(({ index }) => index >= 200)).toBe(true);
  });

  test('with numbers: those far from what is predicted are found; what to label next is by diversity', async () => {
    const targets = Float32Array.from({ length: 203 }, (_, row) => 10 * (row % kinds) + 0.1 * (row % 7));
    targets[9] = 30;
    const { result } = await explored(photos({ task: 'regression', classes: [], targets }));
    const [first] = result.mistakes;
    expect(first).toMatchObject({ index: 9, given: '30', number: { given: 30 } });
    expect(Math.abs((first?.number?.predicted ?? 0) - 10)).toBeLessThan(4);
    expect(first?.number?.deviations).toBeGreaterThan(3);
    expect([result.nextBy, result.next.length]).toEqual(['diversity', 3]);
  });

  test('everything labelled leaves nothing to label; a few labels of a class raise no suspicion', async () => {
    const input = photos({ labels: Int32Array.from({ length: 203 }, (_, row) => row % kinds) });
    const { result } = await explored(input);
    expect(result.next).toEqual([]);
    const few = new Int32Array(203).fill(-1);
    few.set([0, 1, 2, 3, 1]);
    const { result: early } = await explored(photos({ labels: few }));
    expect(early.mistakes).toEqual([]);
    expect(early.next).toHaveLength(5);
  });

  test.each([1, 2, 3])('%i photos are enough to look at', async (rows) => {
    const all = photos();
    const { result } = await explored({
      ...all,
      features: { rows, columns: 40, data: all.features.data.slice(0, rows * 40) },
      hashes: all.hashes.slice(0, rows),
      files: all.files.slice(0, rows),
      labels: all.labels.slice(0, rows),
    });
    expect(result.anomalies).toHaveLength(rows);
    expect(result.places.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('a search that is cancelled ends with the reason', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const work = explore(photos(), stop.signal);
    await expect(
      (async () => {
        for (;;) if ((await work.next()).done === true) return;
      })(),
    ).rejects.toThrow('enough');
  });
});

describe('what to label next', () => {
  test('goes where answers are unsure', async () => {
    const points = clouds(200, 6, 2, 6);
    const unsure = Float32Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? 0.9 : 0.02));
    const next = await labelNext(points, new Uint8Array(200), unsure, 4, 0, new Pace());
    expect(next.map(({ index }) => index % 2)).toEqual([0, 0, 0, 0]);
  });

  test('leaves what is next to a labelled photo for later', async () => {
    const points = clouds(200, 6, 2, 6);
    const labelled = Uint8Array.from({ length: 200 }, (_, row) => (row % 2 === 0 && row < 40 ? 1 : 0));
    const [first] = await labelNext(points, labelled, undefined, 1, 0, new Pace());
    expect((first?.index ?? 0) % 2).toBe(1);
  });

  test('uncertainty is what the margin lacks', () => {
    const unsure = uncertaintyOf(Float32Array.of(0.5, 0.5, 0, 1, 0, 0, 0.2, 0.7, 0.1), 3);
    expect([...unsure].map((value) => Number(value.toFixed(4)))).toEqual([1, 0, 0.5]);
  });
});
