import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { cutAt } from '../../../src/engine/graph/cut.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import { foldBatchNorm } from '../../../src/engine/graph/fold.ts';
import { importOnnx } from '../../../src/engine/graph/import-onnx.ts';
import type { ModelGraph } from '../../../src/engine/graph/graph.ts';
import { relativeError } from './onnx-fixtures.ts';

const weights = new URL('../../../../shared/weights/', import.meta.url);
const load = (name: string): Uint8Array => readFileSync(new URL(`${name}.onnx`, weights));

const referenceSchema = z.object({
  features_first8: z.array(z.number()),
  features_mean: z.number(),
  features_l2: z.number(),
  logits_top5: z.array(z.tuple([z.number(), z.number()])).default([]),
});
type Reference = z.infer<typeof referenceSchema>;
const reference = (name: string): Reference =>
  referenceSchema.parse(JSON.parse(readFileSync(new URL(`${name}.reference.json`, weights), 'utf8')));

/** The input that the reference files state: sin(0.001 i) over the flattened NCHW index. */
const stated = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(0.001 * i));

async function run(graph: ModelGraph): Promise<Float32Array[]> {
  const session = await createSession(exportOnnx(graph, { inputLayout: 'nchw' }));
  const outputs = await session.run(stated, [1, 3, 224, 224]);
  await session.release();
  return outputs;
}

function expectFeatures(features: Float32Array, expected: Reference): void {
  const mean = features.reduce((a, b) => a + b, 0) / features.length;
  const norm = Math.sqrt(features.reduce((a, b) => a + b * b, 0));
  expect(relativeError([mean], [expected.features_mean])).toBeLessThan(1e-4);
  expect(relativeError([norm], [expected.features_l2])).toBeLessThan(1e-4);
  expect(relativeError(features.slice(0, 8), expected.features_first8)).toBeLessThan(1e-4);
}

describe.skipIf(!existsSync(weights))(
  'importOnnx against reference numbers (needs ../shared/weights)',
  () => {
    it('reads MobileNetV2: features and logits', async () => {
      const expected = reference('mobilenet_v2_1.0_224');
      const graph = importOnnx(load('mobilenet_v2_1.0_224'));
      const [logits = new Float32Array(0), features = new Float32Array(0)] = await run(
        cutAt(graph, [...graph.outputs, 'features']),
      );
      expectFeatures(features, expected);
      const top = [...logits].map((v, i): [number, number] => [i, v]).sort((a, b) => b[1] - a[1]);
      expect(top.slice(0, 5).map(([i]) => i)).toEqual(expected.logits_top5.map(([i]) => i));
      expect(
        relativeError(
          top.slice(0, 5).map(([, v]) => v),
          expected.logits_top5.map(([, v]) => v),
        ),
      ).toBeLessThan(1e-4);
    });

    it('reads ResNet-50 v2 up to stage 3, with batch norm as nodes and folded', async () => {
      const expected = reference('resnet50_v2_stage3');
      const graph = importOnnx(load('resnet50_v2_stage3'));
      expect(graph.nodes.filter((n) => n.op === 'batch-norm').length).toBeGreaterThan(30);
      const [features = new Float32Array(0)] = await run(graph);
      expectFeatures(features, expected);
      const folded = foldBatchNorm(graph);
      expect(folded.nodes.length).toBeLessThan(graph.nodes.length);
      const [same = new Float32Array(0)] = await run(folded);
      expectFeatures(same, expected);
    });

    it('gives the same numbers after import, export and import again', async () => {
      const graph = importOnnx(load('mobilenet_v2_1.0_224'));
      const again = importOnnx(exportOnnx(graph));
      expect(again.nodes.length).toBe(graph.nodes.length);
      const [a = new Float32Array(0)] = await run(graph);
      const [b = new Float32Array(0)] = await run(again);
      expect(relativeError(b, a)).toBeLessThan(1e-6);
    });
  },
);
