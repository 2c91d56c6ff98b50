import { describe, expect, it, vi } from 'vitest';

interface FakeWindow {
  options: unknown;
  url: string | undefined;
  shown: boolean;
  guarded: string[];
  ready: (() => void) | undefined;
}
const windows: FakeWindow[] = [];
vi.mock('electron', () => ({
  nativeTheme: { shouldUseDarkColors: true },
  shell: {},
  Menu: {},
  BrowserWindow: class {
    readonly state: FakeWindow;
    readonly webContents;
    constructor(options: unknown) {
      const state: FakeWindow = { options, url: undefined, shown: false, guarded: [], ready: undefined };
      this.state = state;
      this.webContents = {
        on: (name: string) => state.guarded.push(name),
        setWindowOpenHandler: () => state.guarded.push('window-open'),
      };
      windows.push(state);
    }
    once(name: string, listener: () => void): void {
      if (name === 'ready-to-show') this.state.ready = listener;
    }
    show(): void {
      this.state.shown = true;
    }
    async loadURL(url: string): Promise<void> {
      this.state.url = url;
    }
  },
}));
const { openWindow, windowOptions } = await import('../../electron/main/window.ts');
const { menuTemplate } = await import('../../electron/main/menu.ts');

describe('the window', () => {
  it('gives the page no power over the machine', () => {
    expect(windowOptions('/out/preload/index.cjs', false).webPreferences).toMatchObject({
      preload: '/out/preload/index.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
    });
  });

  it('is never smaller than what it is designed for', () => {
    expect(windowOptions('', false)).toMatchObject({ minWidth: 900, minHeight: 600 });
  });

  it('has a background that fits the theme', () => {
    expect(windowOptions('', true).backgroundColor).not.toBe(windowOptions('', false).backgroundColor);
  });

  it('is guarded before it loads anything and shows itself when it is ready', () => {
    openWindow('app://holotype/index.html', '/preload.cjs');
    const [window] = windows;
    expect(window?.url).toBe('app://holotype/index.html');
    expect(window?.guarded).toEqual(
      expect.arrayContaining(['will-navigate', 'will-redirect', 'will-attach-webview', 'window-open']),
    );
    expect(window?.shown).toBe(false);
    window?.ready?.();
    expect(window?.shown).toBe(true);
  });
});

describe('the menu', () => {
  const roles = (platform: NodeJS.Platform, development: boolean): string =>
    JSON.stringify(menuTemplate(platform, development));
  it('has reload and developer tools only in development', () => {
    expect(roles('linux', true)).toContain('toggleDevTools');
    expect(roles('linux', false)).not.toMatch(/toggleDevTools|reload/i);
  });
  it('follows the habits of the system', () => {
    expect(roles('darwin', false)).toContain('appMenu');
    expect(roles('linux', false)).not.toContain('appMenu');
    expect(roles('win32', false)).toContain('quit');
  });
});
