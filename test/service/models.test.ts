import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelManifestSchema } from '../../src/contract/model-manifest.ts';
import { modelListSchema } from '../../src/contract/models.ts';
import { createSession } from '../../src/engine/devices/onnx-session.ts';
import { exportOnnx } from '../../src/engine/graph/export-onnx.ts';
import { withInputNormalization } from '../../src/engine/graph/fold.ts';
import { recognizeFormat } from '../../src/engine/graph/import-model.ts';
import {
  defaultBackbone,
  importModelFile,
  listModels,
  loadBackbone,
  removeModel,
} from '../../src/service/models.ts';
import { oneOperator } from '../engine/graph/tflite-fixture.ts';
import { scratchFolder } from '../store/scratch.ts';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

let folder: string;
let own: string;

beforeEach(() => {
  folder = scratchFolder();
  own = join(folder, 'own');
  mkdirSync(own);
  vi.stubEnv('HOLOTYPE_CACHE', join(folder, 'cache'));
  vi.stubEnv('HOLOTYPE_DATA', join(folder, 'data'));
  vi.stubEnv('HOLOTYPE_MODELS', own);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A network of one ReLU: the smallest file that is a model. */
const relu = (shape = [1, 4, 6, 3], quantized = false): Uint8Array =>
  oneOperator({
    op: 'RELU',
    input: { shape, ...(quantized ? { type: 'uint8' as const, scale: [1 / 64], zeroPoint: [10] } : {}) },
    output: { shape },
  });

const write = (name: string, bytes: Uint8Array | string): string => {
  const path = join(own, name);
  writeFileSync(path, bytes);
  return path;
};

describe('listing models', () => {
  it('gives what the contract promises, fetchable ones with their cards', async () => {
    write('mine.tflite', relu());
    const models = modelListSchema.parse(await listModels());
    expect(models[0]).toMatchObject({ id: 'mine', origin: 'folder', installed: true, format: 'tflite' });
    const inception = models.find(({ id }) => id === 'inception-v3');
    expect(inception).toMatchObject({ installed: false, asksForTrust: false, licence: 'Apache-2.0' });
    expect(inception?.card?.description).not.toBe('');
    expect(inception?.path).toBeUndefined();
    expect(models.find(({ id }) => id === 'keras-mobilenet-v1-0.25')?.asksForTrust).toBe(true);
  });
});

describe('the default backbone', () => {
  it('is the one that can be fetched everywhere when nothing is installed', async () => {
    expect(await defaultBackbone()).toBe('inception-v3');
  });

  it('is a model of the folder, ONNX first, when no manifest model is installed', async () => {
    write('b.tflite', relu());
    expect(await defaultBackbone()).toBe('b');
    write('c.onnx', 'whatever');
    expect(await defaultBackbone()).toBe('c');
  });
});

describe('loading a backbone', () => {
  it('finds a file by id and by path, and hashes it', async () => {
    const path = write('mine.tflite', relu());
    const byId = await loadBackbone('mine');
    const byPath = await loadBackbone(path);
    expect(byId).toMatchObject({ id: 'mine', name: 'mine', format: 'tflite', path });
    expect(byPath.sha256).toBe(byId.sha256);
    expect(byId.graph.input.shape).toEqual([4, 6, 3]);
    expect(byId.policy).toMatchObject({ height: 4, width: 6 });
  });

  it('takes the input from a quantized file without guessing', async () => {
    const { policy, policyGuess } = await loadBackbone(write('q.tflite', relu([1, 8, 8, 3], true)));
    expect(policy).toMatchObject({ mean: [10, 10, 10], std: [64, 64, 64] });
    expect(policyGuess).toBeUndefined();
  });

  it('says what it assumed otherwise, and how to say better', async () => {
    const path = write('f.tflite', relu());
    const { policy, policyGuess } = await loadBackbone(path);
    expect(policy).toMatchObject({ mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] });
    expect(policyGuess).toContain(`${path}.holotype.json`);
    const sidecar = { policy: { ...policy, mean: [1, 2, 3], resize: 'pad' } };
    writeFileSync(`${path}.holotype.json`, JSON.stringify(sidecar));
    const stated = await loadBackbone(path);
    expect(stated.policy).toMatchObject({ mean: [1, 2, 3], resize: 'pad' });
    expect(stated.policyGuess).toBeUndefined();
  });

  it('refuses a sidecar that is wrong or of another size', async () => {
    const path = write('f.tflite', relu());
    const { policy } = await loadBackbone(path);
    const sidecar = (change: object): void =>
      writeFileSync(`${path}.holotype.json`, JSON.stringify({ policy: { ...policy, ...change } }));
    sidecar({ std: [0, 1, 1] });
    await expect(loadBackbone(path)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('policy.std'),
    });
    sidecar({ height: 5 });
    await expect(loadBackbone(path)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('5 x 6'),
    });
  });

  it('explains an unknown id, a model that may not be fetched, and other channels', async () => {
    await expect(loadBackbone('nothing-like-it')).rejects.toMatchObject({
      code: 'not-found',
      remedy: expect.stringContaining('inception-v3'),
    });
    await expect(loadBackbone('resnet-18', { allowFetch: false })).rejects.toMatchObject({
      code: 'not-found',
      remedy: expect.stringContaining('holotype models fetch resnet-18'),
    });
    await expect(loadBackbone(write('grey.tflite', relu([1, 4, 4, 1])))).rejects.toMatchObject({
      code: 'not-supported',
    });
  });

  it('stops when it is cancelled', async () => {
    const path = write('f.tflite', relu());
    await expect(loadBackbone(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('notices an installed file that was damaged', async () => {
    const manifests = join(folder, 'manifests');
    mkdirSync(manifests);
    vi.stubEnv('HOLOTYPE_MANIFESTS', manifests);
    const bytes = relu();
    const source = write('source.bin', bytes);
    const template = modelManifestSchema.parse(
      JSON.parse(readFileSync(new URL('../../models/inception-v3.json', import.meta.url), 'utf8')),
    );
    writeFileSync(
      join(manifests, 'tiny.json'),
      JSON.stringify({
        ...template,
        id: 'tiny',
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        sources: [{ kind: 'file', path: source }],
      }),
    );
    const backbone = await loadBackbone('tiny');
    expect(backbone).toMatchObject({ id: 'tiny', licence: 'Apache-2.0', manifest: { id: 'tiny' } });
    expect(backbone.policy.mean).toEqual([128, 128, 128]);
    expect(await defaultBackbone()).toBe('tiny');
    writeFileSync(backbone.path, bytes.with(bytes.length - 1, 1 ^ (bytes.at(-1) ?? 0)));
    await expect(loadBackbone('tiny')).rejects.toMatchObject({
      code: 'checksum',
      remedy: expect.stringContaining('holotype models remove tiny'),
    });
  });
});

describe('importing', () => {
  it('copies what can be read and refuses the rest before copying', async () => {
    const source = join(folder, 'carried over.tflite');
    writeFileSync(source, relu());
    expect(await importModelFile(source)).toMatchObject({ id: 'carried-over', origin: 'imported' });
    expect((await loadBackbone('carried-over')).graph.nodes).toHaveLength(1);
    await removeModel('carried-over');
    await expect(loadBackbone('carried-over')).rejects.toMatchObject({ code: 'not-found' });
    writeFileSync(source, relu().subarray(0, 100));
    await expect(importModelFile(source)).rejects.toMatchObject({ code: 'bad-input' });
    expect(existsSync(join(folder, 'data', 'models', 'carried-over'))).toBe(false);
  });
});

describe('recognizing formats', () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it('goes by the content', () => {
    expect(recognizeFormat(relu())).toBe('tflite');
    expect(recognizeFormat(Uint8Array.of(8, 7, 0x12, 2, 0x61, 0x62))).toBe('onnx');
    expect(recognizeFormat(text('\uFEFF {"format":"graph-model"}'))).toBe('tfjs-graph');
    expect(recognizeFormat(text('{"modelTopology":{"node":[]}}'))).toBe('tfjs-graph');
    expect(recognizeFormat(text('{"modelTopology":null,"weightsManifest":[]}'))).toBe('tfjs-layers');
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'bad-input'],
    ['text', text('hello'), 'bad-input'],
    ['other JSON', text('{"labels":["a"]}'), 'bad-input'],
    ['cut JSON', text('{"labels":["a"'), 'bad-input'],
    ['a photo', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0x10), 'bad-input'],
    ['PyTorch', text('PK\u0003\u0004archive/data.pkl'), 'not-supported'],
    ['Keras .h5', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a), 'not-supported'],
    ['safetensors', text('\u0010\0\0\0\0\0\0\0{"a":{}}'), 'not-supported'],
  ])('explains %s', (_, bytes, code) => {
    expect(() => recognizeFormat(bytes, 'file')).toThrowError(expect.objectContaining({ code }));
  });
});

describe.skipIf(!existsSync(shared))('../shared/weights (skipped where it is absent)', () => {
  it.each([
    ['mobilenet_v2_1.0_224', 'onnx', [127.5, 127.5, 127.5]],
    ['resnet50_v2_stage3', 'onnx', [123.675, 116.28, 103.53]],
    ['tfjs_mobilenet_v1_0.25_224', 'tfjs-layers', [127.5, 127.5, 127.5]],
    ['teachable_machine_export', 'tfjs-layers', [127.5, 127.5, 127.5]],
  ])('loads %s with the input it takes', async (id, format, mean) => {
    vi.stubEnv('HOLOTYPE_MODELS', join(shared, 'weights'));
    const backbone = await loadBackbone(id);
    expect(backbone).toMatchObject({ id, format });
    expect(backbone.policy).toMatchObject({ height: 224, width: 224, mean });
    expect(backbone.policyGuess).toContain('assumed');
  });
});

/** The person's real cache: the test looks into it, but downloads nothing. */
const cached = await (async () => {
  vi.stubEnv('HOLOTYPE_MODELS', '');
  const inception = (await listModels()).find(({ id }) => id === 'inception-v3');
  vi.unstubAllEnvs();
  return inception?.path;
})();
const daisies = join(shared, 'datasets/flowers/val/daisy');

describe.skipIf(cached === undefined || !existsSync(daisies))(
  'inception-v3 (skipped unless it was fetched before and ../shared is there)',
  () => {
    it('knows a daisy when it sees one', async () => {
      vi.unstubAllEnvs();
      const { graph, policy } = await loadBackbone('inception-v3', { allowFetch: false });
      const session = await createSession(
        exportOnnx(withInputNormalization(graph, policy), { inputType: 'uint8' }),
      );
      const photos = (await readdir(daisies)).sort().slice(0, 12);
      let right = 0;
      for (const photo of photos) {
        const pixels = await sharp(join(daisies, photo))
          .resize(policy.width, policy.height, { fit: 'fill' })
          .removeAlpha()
          .raw()
          .toBuffer();
        const [scores = new Float32Array()] = await session.run(new Uint8Array(pixels), [
          1,
          policy.height,
          policy.width,
          3,
        ]);
        // 1001 answers, the first is "background": daisy, 985 of ImageNet's 1,000, is 986.
        if (scores.indexOf(Math.max(...scores)) === 986) right += 1;
      }
      await session.release();
      expect(right).toBeGreaterThanOrEqual(10);
    });
  },
);
