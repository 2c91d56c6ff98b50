import { beforeEach, describe, expect, it, vi } from 'vitest';

type Listener = (...args: unknown[]) => void;
const world = vi.hoisted(() => ({
  ipc: new Map<string, (...args: unknown[]) => void>(),
  app: new Map<string, (...args: unknown[]) => void>(),
  calls: [] as string[],
  sent: [] as unknown[],
  exit: undefined as ((code: number) => void) | undefined,
  handled: [] as string[],
  posted: [] as unknown[],
}));
vi.mock('electron', () => {
  const contents = {
    on: () => undefined,
    setWindowOpenHandler: () => undefined,
    send: (channel: string, news: unknown) => world.sent.push([channel, news]),
  };
  const windows: object[] = [];
  class BrowserWindow {
    static getAllWindows = () => windows;
    static getFocusedWindow = () => null;
    readonly webContents = contents;
    constructor() {
      windows.push(this);
      world.calls.push('window');
    }
    once(): void {}
    isMinimized(): boolean {
      return true;
    }
    restore(): void {
      world.calls.push('restore');
    }
    focus(): void {
      world.calls.push('focus');
    }
    async loadURL(url: string): Promise<void> {
      world.calls.push(`load ${url}`);
    }
  }
  return {
    BrowserWindow,
    nativeTheme: {},
    shell: {},
    Menu: { setApplicationMenu: () => world.calls.push('menu'), buildFromTemplate: () => ({}) },
    net: {},
    protocol: {
      registerSchemesAsPrivileged: () => world.calls.push('scheme'),
      handle: (scheme: string) => world.calls.push(`serve ${scheme}`),
    },
    session: {
      defaultSession: {
        setPermissionRequestHandler: () => world.calls.push('deny'),
        setPermissionCheckHandler: () => undefined,
        setDevicePermissionHandler: () => undefined,
      },
    },
    MessageChannelMain: class {
      readonly port1 = 'engine end';
      readonly port2 = 'page end';
    },
    utilityProcess: {
      fork: () => ({
        on: () => undefined,
        once: (_name: string, listener: (code: number) => void) => {
          const others = world.exit;
          world.exit = (code) => {
            others?.(code);
            listener(code);
          };
        },
        postMessage: (message: unknown) => world.posted.push(message),
        kill: () => world.calls.push('kill'),
      }),
    },
    dialog: {},
    ipcMain: {
      on: (channel: string, listener: Listener) => world.ipc.set(channel, listener),
      handle: (channel: string) => world.handled.push(channel),
    },
    app: {
      isPackaged: true,
      requestSingleInstanceLock: () => true,
      enableSandbox: () => world.calls.push('sandbox'),
      on: (name: string, listener: Listener) => world.app.set(name, listener),
      whenReady: async () => world.calls.push('ready'),
      quit: () => world.calls.push('quit'),
    },
  };
});

// A packaged app must not be led elsewhere by its environment.
process.env['ELECTRON_RENDERER_URL'] = 'http://localhost:1';
await import('../../electron/main/index.ts');
await vi.waitUntil(() => world.calls.includes('window'));

const home = 'app://holotype/index.html';
const ask = (url: string, reason: unknown = 'automatic'): unknown[] => {
  const posted: unknown[] = [];
  const senderFrame = { url, parent: null, postMessage: (...message: unknown[]) => posted.push(message) };
  world.ipc.get('holotype:connect')?.({ senderFrame }, reason);
  return posted;
};
beforeEach(() => {
  world.sent.length = 0;
});

describe('the main process', () => {
  it('is locked down before the first window opens, and loads only its own page', () => {
    const order = ['scheme', 'sandbox', 'ready', 'deny', 'serve media', 'serve app', 'window'];
    expect(world.calls.filter((call) => order.includes(call))).toEqual(order);
    expect(world.calls).toContain(`load ${home}`);
  });

  it('hands one end of a channel to its own page and to nobody else', () => {
    expect(ask(home)).toEqual([['holotype:engine', null, ['page end']]]);
    expect(ask('https://example.org')).toEqual([]);
    expect(ask(home, { rubbish: true })).toHaveLength(1);
  });

  it('tells the window when the engine crashes', () => {
    ask(home);
    world.exit?.(1);
    expect(world.sent).toEqual([['holotype:engine-stopped', { retry: true, message: expect.any(String) }]]);
  });

  it('brings its window to the front when it is started a second time', () => {
    world.app.get('second-instance')?.();
    expect(world.calls.slice(-2)).toEqual(['restore', 'focus']);
  });

  it('answers the system\u2019s dialogs', () => {
    expect(world.handled.sort()).toEqual(['holotype:grant', 'holotype:pick', 'holotype:save']);
    expect(world.ipc.has('holotype:show-logs')).toBe(true);
  });

  it('lets the engine give back what it holds before it quits, and then quits for good', async () => {
    ask(home);
    const quit = () => {
      const event = { prevented: false, preventDefault: () => (event.prevented = true) };
      world.app.get('before-quit')?.(event);
      return event.prevented;
    };
    expect(quit()).toBe(true);
    expect(world.posted.at(-1)).toEqual({ kind: 'quit' });
    expect(world.calls).not.toContain('quit');
    world.exit?.(0);
    await vi.waitFor(() => expect(world.calls.at(-1)).toBe('quit'));
    expect(quit()).toBe(false);
    // Its end was asked for: no news.
    expect(world.sent).toEqual([]);
  });
});
