import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelDetailsSchema } from '../../src/contract/model-details.ts';
import { showModel } from '../../src/service/model-details.ts';
import { oneOperator } from '../engine/graph/tflite-fixture.ts';
import { scratchFolder } from '../store/scratch.ts';

const weights = fileURLToPath(new URL('../../../shared/weights/', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
  for (const name of ['CACHE', 'DATA', 'MODELS']) {
    mkdirSync(join(folder, name));
    vi.stubEnv(`HOLOTYPE_${name}`, join(folder, name));
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('showing a model', () => {
  it('takes a model without a single multiplication', async () => {
    const file = join(folder, 'MODELS', 'relu.tflite');
    const shape = [1, 4, 6, 3];
    writeFileSync(file, oneOperator({ op: 'RELU', input: { shape }, output: { shape } }));
    const details = modelDetailsSchema.parse(await showModel('relu'));
    expect(details).toMatchObject({ id: 'relu', parameters: 0, multiplyAdds: 0, path: file });
    expect(details.blocks).toMatchObject([{ outputShape: [4, 6, 3], share: 0, cumulativeShare: 0 }]);
  });

  it('downloads nothing', async () => {
    await expect(showModel('inception-v3')).rejects.toMatchObject({
      code: 'not-found',
      remedy: 'Run `holotype models fetch inception-v3`.',
    });
  });

  it('says which models there are where there is none of that name', async () => {
    await expect(showModel('incepton')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe.skipIf(!existsSync(weights))('showing MobileNetV2 of ../shared', () => {
  it('finds its 17 bottlenecks, its size and its cost', async () => {
    const details = await showModel(join(weights, 'mobilenet_v2_1.0_224.onnx'));
    const names = details.blocks.map(({ name }) => name);
    expect(names.filter((name) => /^block_\d+$/.test(name))).toHaveLength(17);
    // Sandler et al. 2018, table 4: 3.4 M parameters, 300 M multiply-adds.
    expect(details.parameters / 1e6).toBeCloseTo(3.49, 1);
    expect(details.multiplyAdds / 1e6).toBeCloseTo(301, -1);
    expect(details.blocks.at(-1)?.cumulativeShare).toBeCloseTo(1, 9);
    expect(names).toContain(details.freezeUntil);
    const roles = details.blocks.map(({ role }) => role);
    expect(roles.lastIndexOf('frozen')).toBe(names.indexOf(details.freezeUntil));
    expect(roles.filter((role) => role === 'trained').length).toBeGreaterThan(3);
    expect(roles.at(-1)).toBe('replaced');
  });
});
