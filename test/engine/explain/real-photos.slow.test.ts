/** Explanations of a head trained on real photos, judged by what they do to its answers. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fallbackReport } from '../../../src/backend/index.ts';
import { decodePhoto } from '../../../src/engine/data/decode.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import type { OnnxSession } from '../../../src/engine/devices/onnx-session.ts';
import { openExplainer } from '../../../src/engine/explain/explainer.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { importOnnx } from '../../../src/engine/graph/import-onnx.ts';
import { assembleModel } from '../../../src/engine/train/assemble-model.ts';
import { standardizationOf, standardize } from '../../../src/engine/train/feature-matrix.ts';
import { buildTrunk } from '../../../src/engine/train/trunk.ts';
import type { Trunk } from '../../../src/engine/train/trunk.ts';
import { policyOf } from '../data/photo-fixtures.ts';
import { finish, startWasm, training } from '../train/tf-testing.ts';
import { curvesOf } from './curves.ts';
import type { Curves } from './curves.ts';

const shared = fileURLToPath(new URL('../../../../shared', import.meta.url));
const photos = `${shared}/datasets/hymenoptera`;
const backbone = `${shared}/weights/mobilenet_v2_1.0_224.onnx`;
const there = existsSync(photos) && existsSync(backbone);

const policy = policyOf(224, 224, {
  resize: 'crop',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
});
const classes = ['ants', 'bees'];

/** Pixels of the first photos of each class, class by class. */
async function decoded(split: string, perClass: number): Promise<Uint8Array[]> {
  const paths = classes.flatMap((name) =>
    readdirSync(`${photos}/${split}/${name}`)
      .sort()
      .slice(0, perClass)
      .map((file) => `${photos}/${split}/${name}/${file}`),
  );
  return Promise.all(paths.map((path) => decodePhoto(readFileSync(path), policy)));
}

async function run(session: OnnxSession, pixels: Uint8Array, count: number): Promise<Float32Array> {
  const [output = new Float32Array()] = await session.run(pixels, [count, policy.height, policy.width, 3]);
  return output;
}

/** A classifier with a head of a few seconds. @param columns features that the head reads */
async function quickModel(trunk: Trunk, columns: number): Promise<ModelGraph> {
  const perClass = 24;
  const session = await createSession(exportOnnx(trunk.graph, { inputType: 'uint8' }));
  const data = new Float32Array(2 * perClass * columns);
  for (const [row, pixels] of (await decoded('train', perClass)).entries())
    data.set((await run(session, pixels, 1)).subarray(0, columns), row * columns);
  await session.release();
  const labels = Int32Array.from({ length: 2 * perClass }, (_, row) => Math.floor(row / perClass));
  const train = { rows: labels.length, columns, data, labels };
  const standardization = standardizationOf(train);
  standardize(train, standardization);
  await startWasm();
  const { heads } = await finish(training({ train, classes: 2, epochs: 20, groups: [{ weightDecay: 1 }] }));
  if (heads[0] === undefined) throw new Error('no head');
  return assembleModel({ trunk, head: heads[0].weights, standardization, columns, temperature: 1 });
}

describe.skipIf(!there)('photos in ../shared (skipped where they are not)', () => {
  test.each([
    ['the final features', 'grad-cam', 1, 25],
    ['earlier blocks, too', 'grad-cam', 3, 25],
    ['the final features', 'occlusion', 1, 12],
  ] as const)(
    'a head that reads %s, by %s: better than maps by chance',
    async (_, method, maps, perClass) => {
      const trunk = buildTrunk(importOnnx(readFileSync(backbone)), policy);
      const graph = await quickModel(trunk, maps === 1 ? trunk.finalColumns : trunk.dimension);
      const explainer = await openExplainer(graph, method);
      const model = await createSession(exportOnnx(graph, { inputType: 'uint8' }));
      const random = seededRandom(3);
      const found: Curves[] = [];
      const byChance: Curves[] = [];
      for (const pixels of await decoded('val', perClass)) {
        const { map, class: answer } = await explainer.explain(pixels);
        const { rows, columns } = map;
        const chance = { rows, columns, values: map.values.map(() => random.next()) };
        const answers = (batch: Uint8Array, count: number): Promise<Float32Array> => run(model, batch, count);
        const size = [policy.height, policy.width] as const;
        found.push(await curvesOf(map, pixels, size, answer, answers, 10));
        byChance.push(await curvesOf(chance, pixels, size, answer, answers, 10));
      }
      await explainer.release();
      await model.release();
      const mean = (curves: readonly Curves[], of: keyof Curves): number =>
        curves.reduce((sum, curve) => sum + curve[of], 0) / curves.length;
      const [by, chance] = [found, byChance].map((curves) => ({
        insertion: mean(curves, 'insertion'),
        deletion: mean(curves, 'deletion'),
      }));
      console.info(`${method}, ${maps} map(s):`, by, 'by chance:', chance);
      expect(by?.insertion).toBeGreaterThan((chance?.insertion ?? 1) + 0.02);
      expect(by?.deletion).toBeLessThan((chance?.deletion ?? 0) - 0.02);
      const fallbacks = method === 'grad-cam' ? [...fallbackReport()] : [];
      expect(fallbacks).toEqual([]);
    },
    600_000,
  );
});
