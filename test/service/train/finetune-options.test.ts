/** What a person may choose of fine-tuning, on the backend that it runs on. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { savedModelSchema } from '../../../src/contract/saved-model.ts';
import type { TrainOptionsInput } from '../../../src/contract/train.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import { resNet } from '../../engine/graph/networks.ts';
import { trained, writeBackbone, writePhotos } from './training-fixtures.ts';

let scratch: string;
let made = 0;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'holotype-finetune-options-'));
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  await writePhotos(join(scratch, 'photos'), { red: 10, blue: 10 });
});

afterAll(() => {
  delete process.env['HOLOTYPE_CACHE'];
  rmSync(scratch, { recursive: true, force: true });
});

/** A backbone with batch norms, 32 x 32 pixels. */
function residual(): string {
  const folder = join(scratch, 'models');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'residual.onnx');
  const graph = resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`);
  writeFileSync(path, exportOnnx(graph, { inputLayout: 'nchw' }));
  const centre = [127.5, 127.5, 127.5];
  const policy = { height: 32, width: 32, resize: 'squash', mean: centre, std: centre };
  writeFileSync(`${path}.holotype.json`, JSON.stringify({ policy }));
  return path;
}

function options(backbone: string, more: Partial<TrainOptionsInput> = {}): TrainOptionsInput {
  made += 1;
  return {
    photos: join(scratch, 'photos'),
    out: join(scratch, `model ${made}`),
    backbone,
    recipe: 'finetune',
    epochs: 3,
    finetuneEpochs: 2,
    finetuneBatchSize: 8,
    views: 1,
    updateBn: 'on',
    ...more,
  };
}

describe('fine-tuning with batch norms that follow the photos', () => {
  test('and dropout, penalties, averages and another optimizer: what is saved answers as it was trained', async () => {
    const more = { dropout: 0.2, l1: 0.01, l2: 0.01, optimizer: 'rmsprop', schedule: 'one-cycle' } as const;
    const result = await trained(options(residual(), { ...more, hidden: [6], activation: 'elu' }));
    expect(result.chosen.finetune?.tried).toBe(true);
    expect(result.parity.onnx).toBeLessThan(1e-3);
    expect(result.warnings.join(' ')).not.toContain('batch normalization');
    const about = savedModelSchema.parse(
      JSON.parse(readFileSync(join(result.model, 'holotype.json'), 'utf8')),
    );
    expect(about.recipe).toMatchObject({
      dropout: 0.2,
      l1: 0.01,
      schedule: 'one-cycle',
      optimizer: 'rmsprop',
    });
  });

  test('says so where the backbone has none to follow', async () => {
    const result = await trained(options(writeBackbone(join(scratch, 'plain'))));
    expect(result.warnings.join(' ')).toContain('have no batch normalization');
  });
});
