import { describe, expect, it, vi } from 'vitest';
import type { ShellBridge } from '../../src/contract/shell.ts';

const heard = new Map<string, (...args: unknown[]) => void>();
const sent: unknown[] = [];
const exposed: Record<string, object> = {};
vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (key: string, value: object) => (exposed[key] = value) },
  ipcRenderer: {
    on: (channel: string, listener: (...args: unknown[]) => void) => heard.set(channel, listener),
    send: (...message: unknown[]) => sent.push(message),
    invoke: async (...message: unknown[]) => {
      sent.push(message);
      return 'answer';
    },
  },
  webUtils: {
    getPathForFile: (file: { name: string }) => (file.name === '' ? '' : `/home/ada/${file.name}`),
  },
}));
const posted: unknown[] = [];
vi.stubGlobal('window', { postMessage: (...message: unknown[]) => posted.push(message) });
await import('../../electron/preload/index.ts');

describe('the preload script', () => {
  const bridge = (): ShellBridge => Object.values(exposed)[0] as ShellBridge;

  it('shows the page one object, with what the contract says and nothing else', () => {
    expect(Object.keys(exposed)).toEqual(['holotypeShell']);
    expect(Object.keys(bridge()).sort()).toEqual(['connect', 'pick', 'placesOf', 'save', 'showLogs']);
    for (const value of Object.values(bridge())) expect(typeof value).toBe('function');
  });

  it('passes on what the page asks for, each on its own channel', async () => {
    bridge().connect('person');
    expect(await bridge().pick('folder')).toBe('answer');
    await bridge().save('token', 'name.zip');
    bridge().showLogs();
    expect(sent).toEqual([
      ['holotype:connect', 'person'],
      ['holotype:pick', 'folder'],
      ['holotype:save', 'token', 'name.zip'],
      ['holotype:show-logs'],
    ]);
  });

  it('gives paths of dropped files to the shell, never to the page', async () => {
    sent.length = 0;
    const answer = await bridge().placesOf([{ name: 'a.jpg' }, { name: '' }] as File[]);
    expect(sent).toEqual([['holotype:grant', ['/home/ada/a.jpg', '']]]);
    expect(answer).toBe('answer');
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
