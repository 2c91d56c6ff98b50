import { describe, expect, it } from 'vitest';
import type { DeviceInfo } from '../../../src/contract/devices.ts';
import { drawDevices } from '../../../src/hosts/cli/draw-devices.ts';

const cpu: DeviceInfo = {
  id: 'cpu',
  name: 'Processor',
  runtime: 'onnxruntime',
  state: 'ready',
  selfTests: [
    { kind: 'inference', passed: true, difference: 1e-7, tolerance: 2e-3, where: 'x' },
    { kind: 'training-step', passed: true, difference: 3e-6, tolerance: 2e-3, where: 'y' },
  ],
  speeds: [{ workload: 'training-step', batch: 16, steps: 5, millisecondsPerStep: 640, imagesPerSecond: 25 }],
};
const webgpu: DeviceInfo = {
  id: 'webgpu',
  name: 'Graphics card (WebGPU)',
  runtime: 'onnxruntime',
  state: 'wrong',
  reason: 'It computes wrongly.',
  remedy: 'Install a new driver.',
  selfTests: [],
  speeds: [],
};

describe('the list of devices', () => {
  it('marks what auto takes, and says of each what a person needs to know', () => {
    expect(drawDevices({ devices: [cpu, webgpu], auto: 'cpu' }).split('\n')).toEqual([
      '* cpu     Processor: ready',
      '          Self-test passed: differs from the right answers by 3.0e-6 at most (allowed: 0.002).',
      "          Full training step of MobileNetV2's shape, 16 photos: 640 ms, 25.0 photos a second.",
      '  webgpu  Graphics card (WebGPU): computes wrongly',
      '          It computes wrongly.',
      '          Install a new driver.',
      '',
      '* is what --device auto takes.',
    ]);
  });

  it('says how to find out where nothing was timed', () => {
    const text = drawDevices({ devices: [cpu, { ...cpu, id: 'cuda' }] });
    expect(text).toContain('Run with --bench');
    expect(text).not.toContain('*');
  });
});
