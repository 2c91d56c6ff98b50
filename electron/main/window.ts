import { BrowserWindow, nativeTheme, type BrowserWindowConstructorOptions } from 'electron';
import { confine } from './security.ts';

/** The colours of the page's background, so that the window doesn't flash before the page is there. */
const background = { light: '#f7f7f4', dark: '#161815' } as const;

export function windowOptions(preload: string, dark: boolean): BrowserWindowConstructorOptions {
  return {
    width: 1280,
    height: 820,
    minWidth: 900,
    minHeight: 600,
    show: false,
    title: 'Holotype',
    backgroundColor: dark ? background.dark : background.light,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  };
}

/** Opens the window on `home`; it shows itself when there is something to see. */
export function openWindow(home: string, preload: string): BrowserWindow {
  const window = new BrowserWindow(windowOptions(preload, nativeTheme.shouldUseDarkColors));
  confine(window.webContents, home);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(home);
  return window;
}
