import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, ipcMain, session } from 'electron';
import { shellChannels, type ConnectReason } from '../../src/contract/shell.ts';
import { createChildren } from './children.ts';
import { answerDialogs, askForCamera } from './dialogs.ts';
import { createEngineProcess } from './engine-process.ts';
import { handleMedia } from './media.ts';
import { installMenu } from './menu.ts';
import { declareSchemes, homeUrl, serveRenderer } from './protocol.ts';
import { guardPermissions, isTrustedSender } from './security.ts';
import { openWindow } from './window.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** The development server's address; in a packaged app nobody's environment can point us elsewhere. */
const developmentUrl = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
const home = developmentUrl ?? homeUrl;
const preload = here('../preload/index.cjs');

const children = createChildren({
  engine: here('../../dist/node/desktop-engine.mjs'),
  worker: here('../../dist/node/desktop-worker.mjs'),
  probe: here('../../dist/node/desktop-probe.mjs'),
});
const engine = createEngineProcess(children, (news) => {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(shellChannels.stopped, news);
});
const window = (): BrowserWindow | undefined =>
  BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];

function focusOrOpen(): void {
  const [first] = BrowserWindow.getAllWindows();
  if (first === undefined) {
    openWindow(home, preload);
    return;
  }
  if (first.isMinimized()) first.restore();
  first.focus();
}

ipcMain.on(shellChannels.connect, (event, reason: unknown) => {
  if (!isTrustedSender(event.senderFrame, home)) return;
  const asked: ConnectReason = reason === 'person' ? 'person' : 'automatic';
  const port = engine.connect(asked);
  if (port !== undefined) event.senderFrame?.postMessage(shellChannels.engine, null, [port]);
});
answerDialogs({ engine, home, window });

let quitting = false;
if (app.requestSingleInstanceLock()) {
  declareSchemes();
  app.enableSandbox();
  app.on('second-instance', focusOrOpen);
  app.on('activate', focusOrOpen);
  app.on('before-quit', (event) => {
    if (quitting) return;
    // The engine gives back what it holds first; then we quit again, for good.
    quitting = true;
    event.preventDefault();
    void engine.stop().finally(() => app.quit());
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  void app.whenReady().then(() => {
    guardPermissions(session.defaultSession, home, () => askForCamera(window()));
    const openMedia = () => engine.openMedia();
    handleMedia(openMedia);
    serveRenderer(here('../renderer'), openMedia);
    installMenu(process.platform, developmentUrl !== undefined);
    focusOrOpen();
  });
} else {
  app.quit();
}
