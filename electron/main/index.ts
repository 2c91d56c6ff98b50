import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, ipcMain, session } from 'electron';
import { shellChannels, type ConnectReason } from '../../src/contract/shell.ts';
import { createEngineProcess } from './engine-process.ts';
import { installMenu } from './menu.ts';
import { declareScheme, homeUrl, serveRenderer } from './protocol.ts';
import { denyPermissions, isTrustedSender } from './security.ts';
import { openWindow } from './window.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** The development server's address; in a packaged app nobody's environment can point us elsewhere. */
const developmentUrl = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
const home = developmentUrl ?? homeUrl;
const preload = here('../preload/index.cjs');

const engine = createEngineProcess(here('./engine-entry.js'), (news) => {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(shellChannels.stopped, news);
});

function focusOrOpen(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window === undefined) {
    openWindow(home, preload);
    return;
  }
  if (window.isMinimized()) window.restore();
  window.focus();
}

ipcMain.on(shellChannels.connect, (event, reason: unknown) => {
  if (!isTrustedSender(event.senderFrame, home)) return;
  const asked: ConnectReason = reason === 'person' ? 'person' : 'automatic';
  const port = engine.connect(asked);
  if (port !== undefined) event.senderFrame?.postMessage(shellChannels.engine, null, [port]);
});

if (app.requestSingleInstanceLock()) {
  declareScheme();
  app.enableSandbox();
  app.on('second-instance', focusOrOpen);
  app.on('activate', focusOrOpen);
  app.on('before-quit', () => engine.stop());
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  void app.whenReady().then(() => {
    denyPermissions(session.defaultSession);
    serveRenderer(here('../renderer'));
    installMenu(process.platform, developmentUrl !== undefined);
    focusOrOpen();
  });
} else {
  app.quit();
}
