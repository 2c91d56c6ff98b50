import { describe, expect, it } from 'vitest';
import type { DeviceId } from '../../../src/contract/devices.ts';
import { chooseDevice, type ChooseOptions } from '../../../src/engine/devices/choose-device.ts';
import type { ProbeOutcome } from '../../../src/engine/devices/list-devices.ts';
import type { ProbeRequest } from '../../../src/engine/devices/probe-messages.ts';

/** Devices that are there, with the photos a second they train on. */
type Machine = Partial<Record<DeviceId, number>>;

function machine(there: Machine, fingerprint = 'this machine') {
  const asked: ProbeRequest[] = [];
  const kept: { value: unknown } = { value: undefined };
  const run = async (request: ProbeRequest): Promise<ProbeOutcome> => {
    asked.push(request);
    const rate = there[request.device];
    const end = { kind: 'answered' } as const;
    if (rate === undefined)
      return {
        messages: [{ type: 'unavailable', message: `No ${request.device}.`, remedy: 'Get one.' }],
        end,
        log: '',
      };
    const selfTest = {
      type: 'self-test',
      test: { kind: 'training-step', passed: true, difference: 0, tolerance: 1, where: 'all' },
    };
    const speed = {
      type: 'speed',
      speed: {
        workload: 'training-step',
        batch: 1,
        steps: 1,
        millisecondsPerStep: 1000 / rate,
        imagesPerSecond: rate,
      },
    };
    return { messages: [selfTest, ...(request.bench ? [speed] : []), { type: 'done' }], end, log: '' };
  };
  const memory = {
    read: async () => kept.value,
    write: async (value: unknown) => {
      kept.value = JSON.parse(JSON.stringify(value));
    },
  };
  const options: ChooseOptions = { run, memory, fingerprint, platform: 'linux', arch: 'x64' };
  return { options, asked, kept };
}

describe('choosing a device', () => {
  it('takes the processor without a look around when it is named', async () => {
    const { options, asked } = machine({});
    expect(await chooseDevice('cpu', options)).toBe('cpu');
    expect(asked).toEqual([]);
  });

  it('times nothing where only the processor is there', async () => {
    const { options, asked } = machine({ cpu: 1 });
    expect(await chooseDevice('auto', options)).toBe('cpu');
    expect(asked).toEqual(['webgpu', 'cuda', 'cuda-tfjs'].map((device) => ({ device, bench: false })));
    asked.length = 0;
    expect(await chooseDevice('auto', options)).toBe('cpu');
    expect(asked).toEqual([]);
  });

  it('takes the fastest, and the next time without looking', async () => {
    const { options, asked } = machine({ cpu: 2, webgpu: 9, cuda: 5 });
    expect(await chooseDevice('auto', options)).toBe('webgpu');
    expect(asked.filter(({ bench }) => bench).map(({ device }) => device)).toEqual(['cpu', 'webgpu', 'cuda']);
    asked.length = 0;
    expect(await chooseDevice('auto', options)).toBe('webgpu');
    expect(await chooseDevice('cuda', options)).toBe('cuda');
    expect(asked).toEqual([]);
  });

  it('prefers the processor to a slower card', async () => {
    expect(await chooseDevice('auto', machine({ cpu: 2, webgpu: 1 }).options)).toBe('cpu');
  });

  it('looks again when machine, driver or software have changed', async () => {
    const { options, asked, kept } = machine({ cpu: 1, webgpu: 2 });
    await chooseDevice('auto', options);
    const later = machine({ cpu: 1 }, 'after an update');
    later.kept.value = kept.value;
    expect(asked.length).toBeGreaterThan(0);
    expect(await chooseDevice('auto', later.options)).toBe('cpu');
    expect(later.asked.length).toBeGreaterThan(0);
  });

  it.each([
    ['damaged'],
    [{ version: 2 }],
    [{ version: 1, fingerprint: 'this machine', devices: [{ id: 'x' }] }],
  ])('is not misled by a memory of %j', async (value) => {
    const { options, asked, kept } = machine({ cpu: 1 });
    kept.value = value;
    expect(await chooseDevice('auto', options)).toBe('cpu');
    expect(asked).not.toEqual([]);
  });

  it('refuses a named device that does not work, with reason and remedy', async () => {
    await expect(chooseDevice('webgpu', machine({ cpu: 1 }).options)).rejects.toMatchObject({
      name: 'HolotypeError',
      code: 'not-supported',
      message: `The device "webgpu" can't be used: No webgpu.`,
      remedy: 'Get one. Or use --device cpu.',
    });
    await expect(chooseDevice('dml', machine({ cpu: 1 }).options)).rejects.toMatchObject({
      message: `The device "dml" can't be used: DirectML is a part of Windows.`,
    });
  });

  it('looks again at a named device that was missing last time', async () => {
    const before = machine({ cpu: 1 });
    await chooseDevice('auto', before.options);
    await expect(chooseDevice('webgpu', before.options)).rejects.toThrow('No webgpu.');
    const after = machine({ cpu: 1, webgpu: 3 });
    after.kept.value = before.kept.value;
    expect(await chooseDevice('webgpu', after.options)).toBe('webgpu');
    expect(after.asked.map(({ device }) => device)).toEqual(['webgpu']);
    // What is known of the others stays, and auto now has two to compare.
    expect(await chooseDevice('auto', after.options)).toBe('webgpu');
  });

  it('does not take a single named device for all there is', async () => {
    const { options } = machine({ cpu: 9, webgpu: 3 });
    expect(await chooseDevice('webgpu', options)).toBe('webgpu');
    expect(await chooseDevice('auto', options)).toBe('cpu');
  });

  it('takes CUDA whichever way it is there', async () => {
    expect(await chooseDevice('cuda', machine({ cpu: 1, 'cuda-tfjs': 2 }).options)).toBe('cuda-tfjs');
    expect(await chooseDevice('cuda', machine({ cpu: 1, cuda: 2, 'cuda-tfjs': 2 }).options)).toBe('cuda');
    await expect(chooseDevice('cuda', machine({ cpu: 1 }).options)).rejects.toThrow(
      'No cuda. And: No cuda-tfjs.',
    );
  });
});
