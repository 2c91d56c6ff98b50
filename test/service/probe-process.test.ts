import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listDevices } from '../../src/engine/devices/list-devices.ts';
import { probeRunner } from '../../src/service/probe-process.ts';

const child = (name: string): string => fileURLToPath(new URL(`children/${name}.mjs`, import.meta.url));
const request = { device: 'webgpu', bench: false } as const;
const patient = { seconds: 50 };

describe('the process that tries a device', () => {
  it('hands over what was asked and what was answered', async () => {
    const outcome = await probeRunner(child('answer'))(request, patient);
    expect(outcome.messages).toEqual([{ type: 'echo', request, runAsNode: '1' }, { type: 'done' }]);
    expect(outcome.end).toEqual({ kind: 'answered' });
  });

  it('may crash: its last words are kept', async () => {
    const { messages, end, log } = await probeRunner(child('crash'))(request, patient);
    expect(messages).toEqual([{ type: 'hello' }]);
    expect(end).toEqual({ kind: 'crashed', how: process.platform === 'win32' ? 'exit code 1' : 'SIGKILL' });
    expect(log).toContain('something is about to go wrong');
  });

  it('may hang: it is ended at its time limit', async () => {
    const { end } = await probeRunner(child('hang'))(request, { seconds: 1 });
    expect(end).toEqual({ kind: 'timed-out', seconds: 1 });
  });

  it('ends when the person stops it', async () => {
    const controller = new AbortController();
    const running = probeRunner(child('hang'))(request, { ...patient, signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(
      probeRunner(child('hang'))(request, { ...patient, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('counts as crashed where its program is broken', async () => {
    const { end } = await probeRunner(child('no-such-program'))(request, patient);
    expect(end).toEqual({ kind: 'crashed', how: 'exit code 1' });
  });

  it('never makes looking at devices fail', async () => {
    const [info] = await listDevices({
      run: probeRunner(child('crash')),
      only: ['webgpu'],
      platform: 'linux',
      arch: 'x64',
    });
    expect(info).toMatchObject({ id: 'webgpu', state: 'crashed' });
  });
});
