import { describe, expect, it, vi } from 'vitest';

const heard = new Map<string, (...args: unknown[]) => void>();
const sent: unknown[] = [];
const exposed: Record<string, object> = {};
vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (key: string, value: object) => (exposed[key] = value) },
  ipcRenderer: {
    on: (channel: string, listener: (...args: unknown[]) => void) => heard.set(channel, listener),
    send: (...message: unknown[]) => sent.push(message),
  },
}));
const posted: unknown[] = [];
vi.stubGlobal('window', { postMessage: (...message: unknown[]) => posted.push(message) });
await import('../../electron/preload/index.ts');

describe('the preload script', () => {
  it('shows the page one function, which asks for the engine', () => {
    expect(Object.keys(exposed)).toEqual(['holotypeShell']);
    const [bridge] = Object.values(exposed);
    expect(Object.keys(bridge ?? {})).toEqual(['connect']);
    (bridge as { connect: (reason: string) => void }).connect('person');
    expect(sent).toEqual([['holotype:connect', 'person']]);
  });

  it('passes on the port, and the news that the engine stopped', () => {
    heard.get('holotype:engine')?.({ ports: ['port'] });
    heard.get('holotype:engine-stopped')?.({}, { message: 'gone', retry: true, extra: 1 });
    expect(posted).toEqual([
      [{ holotype: 'engine' }, '*', ['port']],
      [{ holotype: 'engine-stopped', message: 'gone', retry: true }, '*', []],
    ]);
  });
});
