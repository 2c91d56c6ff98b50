import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DeviceId } from '../../../src/contract/devices.ts';
import { jobEventSchema } from '../../../src/contract/job-events.ts';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import type { TrainOptionsInput, TrainResult } from '../../../src/contract/train.ts';
import { remember } from '../../../src/engine/devices/choose-device.ts';
import { deviceName } from '../../../src/engine/devices/list-devices.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { deviceMemory } from '../../../src/store/device-memory.ts';
import { driverFacts } from '../../../src/store/driver-facts.ts';
import { fakeDevice, installFakeDevice } from '../../engine/devices/fake-device.ts';
import { fakeCuda, installFakeCuda } from '../../engine/devices/fake-cuda.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { hurry } from './hurry.ts';
import { runTraining, trained, writeBackbone, writePhotos } from './training-fixtures.ts';
import type { Outcome } from './training-fixtures.ts';

// The package is optional and needs a card; what is registered in its place computes on the processor.
vi.mock('../../../src/engine/devices/tfjs-node-gpu.ts', () => ({
  loadTfjsNodeGpu: () => installFakeCuda(),
}));

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const backbone = join(scratch, 'models', 'tiny.onnx');
let outs = 0;
const options = (more: Partial<TrainOptionsInput> = {}): TrainOptionsInput => ({
  photos,
  backbone,
  out: join(scratch, `out${(outs += 1)}`),
  recipe: 'head',
  epochs: 3,
  seed: 5,
  ...more,
});
/**
 * No layer of this tail has channels in whole blocks, so that the processor is given the operations a device is given:
 * it computes the same bits.
 */
const tuning = {
  recipe: 'finetune',
  freezeUntil: 'block_1',
  finetuneEpochs: 3,
  finetuneBatchSize: 8,
  finetuneLearningRate: 2e-3,
} as const;

beforeAll(async () => {
  installFakeDevice();
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14, green: 12 });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
beforeEach(() => {
  vi.stubEnv('HOLOTYPE_DATA', join(scratch, 'data'));
  vi.stubEnv('HOLOTYPE_CACHE', join(scratch, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  fakeDevice.works();
  fakeCuda.works();
});

/** The device has passed its self-test, and been timed as the fastest. */
async function passed(id: DeviceId): Promise<void> {
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(await driverFacts()))
    .digest('hex');
  const devices = (['cpu', id] as const).map((one, at) => ({
    id: one,
    name: deviceName(one),
    runtime: 'onnxruntime' as const,
    state: 'ready' as const,
    selfTests: [],
    speeds: [
      {
        workload: 'training-step' as const,
        batch: 1,
        steps: 1,
        millisecondsPerStep: 1,
        imagesPerSecond: 1 + at,
      },
    ],
  }));
  await remember({ devices, complete: true, timed: true }, { memory: deviceMemory, fingerprint });
}

const bytesOf = ({ model }: TrainResult): Buffer => readFileSync(join(model, 'model.onnx'));
const warningsOf = ({ events }: Outcome) =>
  events.flatMap((event) => (event.type === 'warning' ? [event] : []));

/** Trains on a device that is lost, and checks what holds wherever that happens. */
async function trainAndLose(
  device: DeviceId,
  more: Partial<TrainOptionsInput>,
  onEvent: (event: JobEvent) => void = () => undefined,
): Promise<Outcome & { readonly result: TrainResult }> {
  await passed(device);
  const before = tf.engine().state.numTensors;
  const outcome = await runTraining(options({ device, ...more }), onEvent);
  const { result, error } = outcome;
  if (result === undefined) throw error;
  expect(tf.engine().state.numTensors).toBe(before);
  expect(fakeDevice.sessions).toBe(0);
  for (const event of outcome.events) expect(jobEventSchema.parse(event)).toEqual(event);

  const told = warningsOf(outcome).filter(({ deviceLost }) => deviceLost !== undefined);
  expect(told).toHaveLength(1);
  expect(told[0]?.deviceLost).toEqual(result.deviceLost);
  expect(result.warnings).toContain(told[0]?.message);
  expect(result).toMatchObject({ device: 'cpu', deviceLost: { device } });
  expect(readFileSync(result.report, 'utf8')).toContain(`cpu (${device} was lost while`);
  expect(readFileSync(join(result.run, 'log.jsonl'), 'utf8')).toContain('"deviceLost"');
  // It has to pass its test again before it is chosen.
  const known = (await deviceMemory.read()) as { devices: { id: string }[]; complete: boolean };
  expect(known).toMatchObject({ complete: false });
  expect(known.devices.map(({ id }) => id)).toEqual(['cpu']);
  return { ...outcome, result };
}

/** Loses the device after so many further runs, from the first event on that is the right one. */
function loseAt(isIt: (event: JobEvent) => boolean, runs: number): (event: JobEvent) => void {
  let over = false;
  return (event) => {
    if (over || !isIt(event)) return;
    over = true;
    fakeDevice.works(runs);
  };
}
const inStage =
  (stage: string) =>
  (event: JobEvent): boolean =>
    event.type === 'stage' && event.stage === stage;

describe('a device that is lost while features are computed', () => {
  test.each([0, 3])(
    'after %i runs: the processor begins again, and ends as if there had been no device',
    async (runs) => {
      vi.stubEnv('HOLOTYPE_CACHE', join(scratch, `cache ${runs}`));
      fakeDevice.works(runs);
      const outcome = await trainAndLose('webgpu', {});
      expect(fakeDevice.runs).toBe(runs);
      expect(outcome.result.deviceLost).toMatchObject({ stage: 'features' });
      expect(outcome.result.deviceLost).not.toHaveProperty('checkpoint');
      expect(warningsOf(outcome)[0]?.message).toMatch(
        /^The graphics card \(WebGPU\) was lost while features were computed.*: .*\. There is no checkpoint of this part yet: it begins again, on the processor\.$/,
      );
      expect(outcome.result.imagesPerSecond).toBeGreaterThan(0);
      const without = await trained(options({ device: 'cpu' }));
      expect(bytesOf(outcome.result).equals(bytesOf(without))).toBe(true);
    },
  );

  test('the same when nobody named it', async () => {
    vi.stubEnv('HOLOTYPE_CACHE', join(scratch, 'cache of auto'));
    fakeDevice.works(2);
    await passed('webgpu');
    const { result } = await runTraining(options({ device: 'auto' }));
    expect(result).toMatchObject({ device: 'cpu', deviceLost: { device: 'webgpu' } });
  });
});

describe('a device that is lost while fine-tuning', () => {
  let without: TrainResult;
  beforeAll(async () => {
    without = await trained(options({ ...tuning, device: 'cpu' }));
  });

  // The first epoch, and with it the first checkpoint, ends after six.
  test.each([0, 1, 2, 4])(
    'after %i runs, before there is a checkpoint: the processor begins fine-tuning again',
    async (runs) => {
      const outcome = await trainAndLose('webgpu', tuning, loseAt(inStage('finetune'), runs));
      expect(fakeDevice.runs).toBe(runs);
      expect(outcome.result.deviceLost).toMatchObject({ stage: 'finetune' });
      expect(warningsOf(outcome)[0]?.message).toMatch(
        /lost while fine-tuning.*it begins again, on the processor/,
      );
      expect(outcome.result.metrics).toEqual(without.metrics);
      expect(bytesOf(outcome.result).equals(bytesOf(without))).toBe(true);
    },
  );

  test('after a checkpoint: the processor goes on from there, to the same bits', async () => {
    const long = { ...tuning, finetuneEpochs: 10, views: 1 };
    hurry();
    let inTail = false;
    const isCheckpoint = (event: JobEvent): boolean => {
      if (event.type === 'stage') inTail = event.stage === 'finetune';
      return inTail && event.type === 'checkpoint';
    };
    const outcome = await trainAndLose('webgpu', long, loseAt(isCheckpoint, 5));
    const { checkpoint } = outcome.result.deviceLost ?? {};
    expect(checkpoint?.epoch).toBeGreaterThan(0);
    expect(outcome.events).toContainEqual(expect.objectContaining({ type: 'checkpoint', ...checkpoint }));
    expect(warningsOf(outcome)[0]?.message).toMatch(
      new RegExp(
        `^The graphics card \\(WebGPU\\) was lost while fine-tuning, after at least \\d+ of 40 steps: .*\\. Training goes on from the last checkpoint \\(epoch ${checkpoint?.epoch}, step ${checkpoint?.step}\\) on the processor\\.$`,
      ),
    );
    const goingOn = outcome.events.find((event) => event.type === 'stage' && event.from !== undefined);
    expect(goingOn).toMatchObject({ stage: 'finetune', from: checkpoint });
    const cpu = await trained(options({ ...long, device: 'cpu' }));
    expect(outcome.result.metrics).toEqual(cpu.metrics);
    expect(outcome.result.chosen).toEqual(cpu.chosen);
    expect(bytesOf(outcome.result).equals(bytesOf(cpu))).toBe(true);
  });

  test('nobody asked for: it is tried on the processor, not given up', async () => {
    const asks = { ...tuning, recipe: 'auto' } as const;
    const { result } = await trainAndLose('webgpu', asks, loseAt(inStage('finetune'), 4));
    const cpu = await trained(options({ ...asks, device: 'cpu' }));
    expect(result.chosen).toEqual(cpu.chosen);
    expect(result.chosen.finetune?.tried).toBe(true);
    expect(bytesOf(result).equals(bytesOf(cpu))).toBe(true);
  });

  test('while the exports are checked: they are checked on the processor', async () => {
    const outcome = await trainAndLose('webgpu', tuning, loseAt(inStage('export'), 0));
    expect(outcome.result.deviceLost).toMatchObject({ stage: 'export' });
    expect(bytesOf(outcome.result).equals(bytesOf(without))).toBe(true);
  });

  test('what then fails on the processor fails the training', async () => {
    const folder = join(scratch, 'vanishing');
    await writePhotos(folder, { red: 8, blue: 8 }, 3);
    await passed('webgpu');
    const lose = loseAt(inStage('finetune'), 3);
    const { error, events } = await runTraining(
      options({ ...tuning, photos: folder, device: 'webgpu' }),
      (event) => {
        lose(event);
        if (event.type === 'warning' && event.deviceLost !== undefined) rmSync(folder, { recursive: true });
      },
    );
    expect(error).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining("can't be read any more"),
    });
    expect(events.at(-1)).toMatchObject({ type: 'failed' });
    expect(fakeDevice.sessions).toBe(0);
  });
});

describe('a device that is lost while the head is trained', () => {
  test.each([1, 40, 400])('after %i kernels: the processor begins again', async (kernels) => {
    const without = await trained(options({ device: 'cpu' }));
    fakeCuda.works(kernels);
    const outcome = await trainAndLose('cuda-tfjs', {});
    expect(fakeCuda.kernels).toBe(kernels);
    expect(['choose', 'head']).toContain(outcome.result.deviceLost?.stage);
    expect(warningsOf(outcome)[0]?.message).toMatch(/^The NVIDIA card \(CUDA, TensorFlow\) was lost while/);
    expect(bytesOf(outcome.result).equals(bytesOf(without))).toBe(true);
  });

  test('after a checkpoint: the processor goes on from there, to the same bits', async () => {
    const long = { epochs: 40, weightDecay: 0.5, batchSize: 4 };
    hurry();
    const outcome = await trainAndLose('cuda-tfjs', long, (event) => {
      if (event.type === 'checkpoint' && fakeCuda.left > 1e6) fakeCuda.works(50);
    });
    const { checkpoint, stage } = outcome.result.deviceLost ?? {};
    expect(stage).toBe('head');
    expect(outcome.events).toContainEqual(expect.objectContaining({ type: 'checkpoint', ...checkpoint }));
    expect(outcome.events).toContainEqual(
      expect.objectContaining({ type: 'stage', message: `Going on after epoch ${checkpoint?.epoch} of 40` }),
    );
    const cpu = await trained(options({ ...long, device: 'cpu' }));
    expect(bytesOf(outcome.result).equals(bytesOf(cpu))).toBe(true);
  });
});
