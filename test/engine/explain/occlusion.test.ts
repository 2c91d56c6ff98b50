import { describe, expect, test } from 'vitest';
import { openExplainer } from '../../../src/engine/explain/explainer.ts';
import { positiveShare, resized } from '../../../src/engine/explain/heat-map.ts';
import { occlusion } from '../../../src/engine/explain/occlusion.ts';
import { Net } from '../graph/networks.ts';
import { blobNet, photoWithBlob } from './blob-net.ts';

const corners: [row: number, column: number][] = [
  [0, 0],
  [0, 3],
  [3, 0],
  [3, 3],
];

/** A model that says how bright a corner of a 28 x 28 photo is, and looks at nothing else. */
function cornerModel(row: number, column: number) {
  const [height, width] = [28, 28];
  const asked: number[] = [];
  return {
    asked,
    height,
    width,
    batch: 5,
    of: async (pixels: Uint8Array, photos: number): Promise<Float32Array> => {
      asked.push(photos);
      const answers = new Float32Array(photos * 2);
      for (let photo = 0; photo < photos; photo++) {
        let sum = 0;
        for (let y = 0; y < 7; y++)
          for (let x = 0; x < 7; x++)
            sum += pixels[((photo * height + row * 7 + y) * width + column * 7 + x) * 3] ?? 0;
        const bright = sum / 49 / 255;
        answers.set([1 - bright * 0.9, bright * 0.9], photo * 2);
      }
      return answers;
    },
  };
}

describe('a model that looks at one corner alone', () => {
  test.each(corners)('is found out: %i, %i', async (row, column) => {
    const model = cornerModel(row, column);
    const white = new Uint8Array(28 * 28 * 3).fill(255);
    const { map, ...answer } = await occlusion(model, white);
    expect(answer.class).toBe(1);
    expect(answer.probability).toBeCloseTo(0.9);
    const quarters = resized(map, 4, 4).values;
    expect(quarters.indexOf(Math.max(...quarters))).toBe(row * 4 + column);
    // The far half of the photo means nothing to it.
    const far = resized(map, 2, 2).values;
    expect(far[(row > 1 ? 0 : 2) + (column > 1 ? 0 : 1)]).toBe(0);
    // 12 x 12 squares of 3 x 3 cells, five at a time, and the photo itself.
    expect(model.asked.reduce((a, b) => a + b)).toBe(145);
    expect(Math.max(...model.asked)).toBe(5);
  });

  test('is told to stop', async () => {
    const stop = new AbortController();
    const model = cornerModel(0, 0);
    const slow = {
      ...model,
      of: async (pixels: Uint8Array, photos: number) => (stop.abort(), model.of(pixels, photos)),
    };
    await expect(occlusion(slow, new Uint8Array(28 * 28 * 3), 0, stop.signal)).rejects.toThrow(/abort/i);
    expect(model.asked).toEqual([1]);
  });
});

describe('the explainer', () => {
  test('takes Grad-CAM where there is a map, and both methods agree on where', async () => {
    const found = [];
    for (const method of [undefined, 'occlusion'] as const) {
      const explainer = await openExplainer(blobNet(), method);
      const { map } = await explainer.explain(photoWithBlob(2, 1));
      await explainer.release();
      const cells = resized(map, 4, 4).values;
      found.push([explainer.method, cells.indexOf(Math.max(...cells))]);
    }
    expect(found).toEqual([
      ['grad-cam', 9],
      ['occlusion', 9],
    ]);
  });

  test('takes occlusion where there is none', async () => {
    const net = new Net([8, 8, 3]);
    const graph = net.graph(net.act('p', net.dense('fc', net.flatten('flat', 'input'), 2), 'softmax'));
    const explainer = await openExplainer(graph);
    const { map } = await explainer.explain(new Uint8Array(192).fill(7), 1);
    await explainer.release();
    expect(explainer.method).toBe('occlusion');
    expect(map).toMatchObject({ rows: 8, columns: 8 });
  });
});

describe('heat maps', () => {
  test('are scaled between the middles of cells', () => {
    const map = { rows: 1, columns: 2, values: Float32Array.of(0, 1) };
    expect([...resized(map, 1, 4).values]).toEqual([0, 0.25, 0.75, 1]);
    expect(resized(map, 1, 2)).toBe(map);
    expect([...resized(map, 2, 1).values]).toEqual([0.5, 0.5]);
  });

  test('keep what speaks for the class', () => {
    const map = { rows: 1, columns: 3, values: Float32Array.of(-2, 1, 4) };
    expect([...positiveShare(map).values]).toEqual([0, 0.25, 1]);
    expect([...positiveShare({ ...map, values: Float32Array.of(-2, -1, 0) }).values]).toEqual([0, 0, 0]);
  });
});
