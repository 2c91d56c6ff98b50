import { isAbsolute } from 'node:path';
import { dialog, ipcMain, shell, type BrowserWindow, type OpenDialogOptions } from 'electron';
import { toErrorShape } from '../../src/contract/errors.ts';
import { shellChannels, type PickKind } from '../../src/contract/shell.ts';
import type { EngineProcess } from './engine-process.ts';
import { isTrustedSender } from './security.ts';

const pickers: Readonly<Record<PickKind, OpenDialogOptions>> = {
  folder: { title: 'Open a folder of photos', properties: ['openDirectory'] },
  target: { title: 'Choose a folder to write into', properties: ['openDirectory', 'createDirectory'] },
  archive: {
    title: 'Open a shared project',
    properties: ['openFile'],
    filters: [{ name: 'Shared projects', extensions: ['zip'] }],
  },
  model: {
    title: 'Import a model',
    properties: ['openFile'],
    filters: [
      { name: 'Models', extensions: ['onnx', 'tflite', 'json', 'zip'] },
      { name: 'All files', extensions: ['*'] },
    ],
  },
};

/** More than anybody drops at once by hand. */
const mostPaths = 10_000;
/** What the contract's tokens look like. */
const token = /^[A-Za-z0-9_-]{22,64}$/;

interface DialogDeps {
  readonly engine: Pick<EngineProcess, 'ask'>;
  /** Address of our page. */
  readonly home: string;
  /** The window a dialog belongs to. */
  readonly window: () => BrowserWindow | undefined;
}

/**
 * Answers our own page, and nobody else, when it asks for the system's dialogs. The page never learns a path: what is
 * chosen becomes a token that the engine gives out, and what is saved the engine writes.
 */
export function answerDialogs({ engine, home, window }: DialogDeps): void {
  /** Answers a page's request with `nothing` when it comes from anybody else, or makes no sense. */
  const handle = (
    channel: string,
    nothing: unknown,
    answer: (...input: unknown[]) => Promise<unknown>,
  ): void => {
    ipcMain.handle(channel, async (event, ...input: unknown[]) =>
      isTrustedSender(event.senderFrame, home) ? answer(...input) : nothing,
    );
  };
  const grant = async (paths: readonly string[]): Promise<readonly string[]> =>
    paths.length === 0 ? [] : (await engine.ask({ about: 'grant', paths })).places;
  const fail = async (what: string, error: unknown): Promise<void> => {
    const { message, remedy = '' } = toErrorShape(error);
    const options = { type: 'error' as const, message: what, detail: `${message} ${remedy}`.trim() };
    const parent = window();
    await (parent === undefined ? dialog.showMessageBox(options) : dialog.showMessageBox(parent, options));
  };

  handle(shellChannels.pick, null, async (kind) => {
    if (!isPickKind(kind)) return null;
    const parent = window();
    const options = pickers[kind];
    const { canceled, filePaths } = await (parent === undefined
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(parent, options));
    if (canceled) return null;
    const [place = null] = await grant(filePaths.slice(0, 1));
    return place;
  });

  handle(shellChannels.grant, [], async (paths) => {
    if (!Array.isArray(paths) || paths.length > mostPaths) return [];
    // What was dropped but is no file (a picture of a web page) has no path.
    const usable = paths.map((path: unknown) =>
      typeof path === 'string' && isAbsolute(path) ? path : undefined,
    );
    const places = [...(await grant(usable.filter((path) => path !== undefined)))];
    return usable.map((path) => (path === undefined ? null : (places.shift() ?? null)));
  });

  handle(shellChannels.save, false, async (download, name) => {
    if (typeof download !== 'string' || !token.test(download) || typeof name !== 'string') return false;
    const parent = window();
    // A proposal only; a name is not a path to somewhere.
    const options = { defaultPath: name.replace(/[/\\]/g, '_') };
    const { canceled, filePath } = await (parent === undefined
      ? dialog.showSaveDialog(options)
      : dialog.showSaveDialog(parent, options));
    if (canceled || filePath === '') return false;
    try {
      await engine.ask({ about: 'save', download, path: filePath });
      return true;
    } catch (error) {
      await fail(`"${name}" could not be saved.`, error);
      return false;
    }
  });

  ipcMain.on(shellChannels.showLogs, (event) => {
    if (!isTrustedSender(event.senderFrame, home)) return;
    engine.ask({ about: 'logs' }).then(
      ({ folder }) => shell.openPath(folder),
      (error: unknown) => fail('The folder of logs can’t be shown.', error),
    );
  });
}

/** Asks a person whether the page may use the camera. */
export async function askForCamera(window: BrowserWindow | undefined): Promise<boolean> {
  const options = {
    type: 'question' as const,
    message: 'May Holotype use the camera?',
    detail: 'Pictures of the camera are looked at by your model on this machine, and are not kept.',
    buttons: ['Use the camera', 'Don’t use it'],
    defaultId: 0,
    cancelId: 1,
  };
  const { response } = await (window === undefined
    ? dialog.showMessageBox(options)
    : dialog.showMessageBox(window, options));
  return response === 0;
}

const isPickKind = (kind: unknown): kind is PickKind =>
  typeof kind === 'string' && Object.hasOwn(pickers, kind);
