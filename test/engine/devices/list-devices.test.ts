import { describe, expect, it } from 'vitest';
import {
  deviceInfoSchema,
  type DeviceId,
  type DeviceInfo,
  type DeviceSpeed,
} from '../../../src/contract/devices.ts';
import { fastest, listDevices, type ProbeOutcome } from '../../../src/engine/devices/list-devices.ts';
import type { ProbeMessage, ProbeRequest } from '../../../src/engine/devices/probe-messages.ts';

const test = (kind: 'inference' | 'training-step', difference: number | null): ProbeMessage => ({
  type: 'self-test',
  test: {
    kind,
    passed: difference !== null && difference <= 2e-3,
    difference,
    tolerance: 2e-3,
    where: 'the gradient of dense/kernel',
  },
});
const speed = (workload: DeviceSpeed['workload'], imagesPerSecond: number): DeviceSpeed => ({
  workload,
  batch: 16,
  steps: 5,
  millisecondsPerStep: 16_000 / imagesPerSecond,
  imagesPerSecond,
});
const done: ProbeMessage = { type: 'done' };
const answered = (...messages: unknown[]): ProbeOutcome => ({ messages, end: { kind: 'answered' }, log: '' });
const good = answered(test('inference', 1e-6), test('training-step', 2e-6), done);

/** One device's state on a Linux machine where the processor is fine. */
async function look(outcome: ProbeOutcome, id: DeviceId = 'webgpu'): Promise<DeviceInfo | undefined> {
  const [info] = await listDevices({
    run: async () => outcome,
    only: [id],
    platform: 'linux',
    arch: 'x64',
  });
  return info && deviceInfoSchema.parse(info);
}

describe('looking at devices', () => {
  it('tries only what can exist on the system, and says why not the rest', async () => {
    const asked: DeviceId[] = [];
    const run = async ({ device }: ProbeRequest): Promise<ProbeOutcome> => {
      asked.push(device);
      return good;
    };
    const on = async (platform: NodeJS.Platform, arch: string): Promise<DeviceInfo[]> => {
      asked.length = 0;
      return listDevices({ run, platform, arch });
    };
    const linux = await on('linux', 'x64');
    expect(asked).toEqual(['cpu', 'webgpu', 'cuda', 'cuda-tfjs']);
    expect(linux.map(({ id }) => id)).toEqual(['cpu', 'webgpu', 'dml', 'coreml', 'cuda', 'cuda-tfjs']);
    expect(linux[2]).toMatchObject({ state: 'absent', reason: 'DirectML is a part of Windows.' });
    await on('win32', 'x64');
    expect(asked).toEqual(['cpu', 'webgpu', 'dml', 'cuda-tfjs']);
    await on('darwin', 'arm64');
    expect(asked).toEqual(['cpu', 'webgpu', 'coreml']);
    await on('linux', 'arm64');
    expect(asked).toEqual(['cpu', 'webgpu']);
  });

  it('takes a device that passed', async () => {
    const info = await look(good);
    expect(info).toMatchObject({ state: 'ready' });
    expect(info?.selfTests).toHaveLength(2);
    expect(info?.reason).toBeUndefined();
  });

  it('refuses a device that computes wrongly, with the numbers, however fast it says it is', async () => {
    const info = await look(
      answered(
        test('inference', 1e-6),
        test('training-step', 0.125),
        { type: 'speed', speed: speed('training-step', 1e6) },
        done,
      ),
    );
    expect(info).toMatchObject({ state: 'wrong', speeds: [] });
    expect(info?.reason).toBe(
      'It computes wrongly: when training a small network, the gradient of dense/kernel differs from the right answer by 13% (allowed: 0.2% of the largest number).',
    );
    expect((await look(answered(test('inference', null), done)))?.reason).toContain('not even a number');
  });

  it('survives a driver that takes its process down', async () => {
    const info = await look({
      messages: [test('inference', 1e-6)],
      end: { kind: 'crashed', how: 'SIGSEGV' },
      log: '',
    });
    expect(info).toMatchObject({ state: 'crashed' });
    expect(info?.reason).toContain('SIGSEGV');
    // One that passed and then crashed in a real step is no better.
    const later = { ...good, messages: good.messages.slice(0, 2) };
    expect(await look({ ...later, end: { kind: 'crashed', how: 'SIGABRT' } })).toMatchObject({
      state: 'crashed',
    });
  });

  it('gives up on a driver that hangs, but not on a slow one that was right', async () => {
    const end = { kind: 'timed-out', seconds: 60 } as const;
    const info = await look({ messages: [test('inference', 1e-6)], end, log: '' });
    expect(info).toMatchObject({ state: 'hung' });
    expect(info?.reason).toContain('60 seconds');
    expect(
      await look({
        messages: [...good.messages.slice(0, 2), { type: 'speed', speed: speed('inference', 2) }],
        end,
        log: '',
      }),
    ).toMatchObject({ state: 'ready', speeds: [{ workload: 'inference' }] });
  });

  it('takes no silence and no nonsense for a passed test', async () => {
    expect(await look(answered(done))).toMatchObject({ state: 'failed' });
    expect(await look(answered(test('inference', 1e-6), done))).toMatchObject({ state: 'failed' });
    expect(await look(answered('hello', { type: 'speed', speed: -1 }))).toMatchObject({ state: 'failed' });
  });

  it('tells what is missing from what gave up', async () => {
    expect(
      await look(answered({ type: 'unavailable', message: 'x: Failed to get a WebGPU adapter' })),
    ).toMatchObject({
      state: 'absent',
      reason: 'No graphics card was found whose driver WebGPU can use.',
    });
    expect(
      await look(
        answered(...good.messages.slice(0, 2), { type: 'failed', message: 'bad luck', remedy: 'Wait.' }),
      ),
    ).toMatchObject({ state: 'failed', reason: 'bad luck', remedy: 'Wait.' });
  });

  it('times devices one after the other', async () => {
    let running = 0;
    const run = async ({ bench }: ProbeRequest): Promise<ProbeOutcome> => {
      expect(bench).toBe(true);
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      return good;
    };
    const told: DeviceId[] = [];
    await listDevices({
      run,
      bench: true,
      platform: 'linux',
      arch: 'x64',
      onDevice: ({ id }) => told.push(id),
    });
    expect(told).toEqual(['cpu', 'webgpu', 'dml', 'coreml', 'cuda', 'cuda-tfjs']);
  });
});

describe('the fastest device', () => {
  const info = (id: DeviceId, state: DeviceInfo['state'], ...speeds: DeviceSpeed[]): DeviceInfo => ({
    id,
    name: id,
    runtime: 'onnxruntime',
    state,
    selfTests: [],
    speeds,
  });

  it('is the one with the fastest training step, whatever inference says', () => {
    expect(
      fastest([
        info('cpu', 'ready', speed('inference', 500), speed('training-step', 10)),
        info('webgpu', 'ready', speed('inference', 50), speed('training-step', 20)),
      ]),
    ).toBe('webgpu');
  });

  it('is not one that never finished a training step', () => {
    expect(
      fastest([
        info('webgpu', 'ready', speed('inference', 500)),
        info('cpu', 'ready', speed('inference', 50), speed('training-step', 1)),
      ]),
    ).toBe('cpu');
  });

  it('is never one that did not pass', () => {
    for (const state of ['absent', 'wrong', 'failed', 'crashed', 'hung'] as const)
      expect(fastest([info('cpu', 'ready'), info('webgpu', state, speed('training-step', 1e9))])).toBe('cpu');
    expect(fastest([info('cpu', 'absent')])).toBeUndefined();
  });

  it('is unknown while several are ready and none was timed', () => {
    expect(fastest([info('cpu', 'ready'), info('webgpu', 'ready')])).toBeUndefined();
  });
});
