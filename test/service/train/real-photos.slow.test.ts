/** The main job on real photos, as a new user would do it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { evaluate } from '../../../src/service/evaluate.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { trained } from './training-fixtures.ts';

const shared = fileURLToPath(new URL('../../../../shared', import.meta.url));
const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.skipIf(!existsSync(shared))('photos in ../shared (skipped where they are not)', () => {
  test('hymenoptera with MobileNetV2: at least 96.5% right, judged the same by evaluate, twice the same bits', async () => {
    process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
    const photos = join(shared, 'datasets', 'hymenoptera');
    const options = {
      photos,
      backbone: join(shared, 'weights', 'mobilenet_v2_1.0_224.onnx'),
      recipe: 'head' as const,
    };
    const first = await trained({ ...options, out: join(scratch, 'first') });
    const second = await trained({ ...options, out: join(scratch, 'second') });
    expect(first.metrics.val.accuracy).toBeGreaterThanOrEqual(0.965);
    expect(Math.max(first.parity.onnx, first.parity.tfjs)).toBeLessThan(1e-3);
    expect(second.imagesPerSecond).toBe(0);
    for (const path of ['model.onnx', 'tfjs/weights.bin']) {
      const [one, other] = [first, second].map(({ model }) => readFileSync(join(model, path)));
      expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true);
    }
    const judged = await evaluate(await openSavedModel(first.model), photos);
    expect(judged.split).toBe('val');
    expect(judged.metrics.correct).toBe(first.metrics.val.correct);
    expect(judged.metrics.logLoss).toBeCloseTo(first.metrics.val.logLossCalibrated ?? Number.NaN, 3);
  }, 600_000);
});
