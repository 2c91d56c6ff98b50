import { build } from 'esbuild';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
// @ts-expect-error a script without types
import { nodeBundle } from '../../scripts/esbuild-options.mjs';
import { deviceListSchema } from '../../src/contract/devices.ts';
import type { ProbeRunner } from '../../src/engine/devices/list-devices.ts';
import { chooseDevice, listDevices } from '../../src/service/devices.ts';
import { probeRunner } from '../../src/service/probe-process.ts';
import { driverFacts } from '../../src/store/driver-facts.ts';
import { scratchFolder } from '../store/scratch.ts';

/** In the checkout, because that is where what it imports is found. */
const built = fileURLToPath(new URL(`../../test-results/device-probe-${process.pid}/`, import.meta.url));

/** SwiftShader is a Vulkan driver that computes on the processor; Debian's Chromium brings it, with a loader. */
const chromium = '/usr/lib/chromium';
const driver = join(chromium, 'vk_swiftshader_icd.json');
const swiftShader = existsSync(driver) && existsSync(join(chromium, 'libvulkan.so.1'));

let folder: string;
let run: ProbeRunner;

beforeAll(async () => {
  const options: unknown = nodeBundle({ 'device-probe': 'src/service/device-probe.ts' }, built);
  await build(options as Parameters<typeof build>[0]);
  run = probeRunner(join(built, 'device-probe.mjs'));
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  folder = scratchFolder();
  vi.stubEnv('HOLOTYPE_CACHE', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the devices of this machine', () => {
  it('include the processor, tested, and a reason for each that is not here', async () => {
    const list = deviceListSchema.parse(await listDevices({ run }));
    const cpu = list.devices.find(({ id }) => id === 'cpu');
    expect(cpu).toMatchObject({ state: 'ready' });
    expect(cpu?.selfTests.map(({ kind, passed }) => [kind, passed])).toEqual([
      ['inference', true],
      ['training-step', true],
    ]);
    const unexplained = list.devices.filter(({ state, reason }) => state !== 'ready' && !reason);
    expect(unexplained).toEqual([]);
    const kept = JSON.parse(readFileSync(join(folder, 'cache', 'devices.json'), 'utf8')) as {
      devices: unknown;
    };
    expect(kept.devices).toEqual(JSON.parse(JSON.stringify(list.devices)));
  });

  it.skipIf(!swiftShader)(
    `WebGPU runs and trains a small CNN as the processor does (needs ${driver})`,
    async () => {
      vi.stubEnv('LD_LIBRARY_PATH', chromium);
      vi.stubEnv('VK_ICD_FILENAMES', driver);
      expect(await chooseDevice('webgpu', { run })).toBe('webgpu');
      const { devices } = JSON.parse(readFileSync(join(folder, 'cache', 'devices.json'), 'utf8')) as {
        devices: unknown[];
      };
      const [info] = deviceListSchema.shape.devices.parse(devices);
      expect(info).toMatchObject({ id: 'webgpu', state: 'ready' });
      expect(info?.selfTests.map(({ kind }) => kind)).toEqual(['inference', 'training-step']);
      // Single precision agrees much better than has to be allowed for cards that use TF32.
      for (const { difference } of info?.selfTests ?? []) expect(difference).toBeLessThan(1e-4);
    },
    180_000, // it compiles its shaders for the processor
  );

  it.skipIf(process.platform !== 'linux')(
    'says that WebGPU has no card without a driver (Linux)',
    async () => {
      vi.stubEnv('VK_ICD_FILENAMES', join(folder, 'no-driver.json'));
      vi.stubEnv('VK_DRIVER_FILES', join(folder, 'no-driver.json'));
      await expect(chooseDevice('webgpu', { run })).rejects.toMatchObject({
        code: 'not-supported',
        message: expect.stringMatching(/Vulkan loader|No graphics card/) as string,
        remedy: expect.stringContaining('--device cpu') as string,
      });
    },
  );
});

describe('choosing a device', () => {
  it('refuses a device nobody has heard of', async () => {
    await expect(chooseDevice('gpu')).rejects.toMatchObject({
      code: 'bad-usage',
      remedy: 'Use one of: auto, cpu, webgpu, dml, coreml, cuda, cuda-tfjs.',
    });
  });

  it('knows the machine again', async () => {
    const facts = await driverFacts();
    expect(await driverFacts()).toEqual(facts);
    expect(facts.some((fact) => fact.startsWith('onnxruntime-node 1.'))).toBe(true);
    vi.stubEnv('VK_ICD_FILENAMES', '/elsewhere.json');
    expect(await driverFacts()).not.toEqual(facts);
  });
});
