import { HolotypeError } from '../../contract/errors.ts';
import { uploadPath } from '../../contract/media.ts';
import type { Source } from '../../contract/ids.ts';
import type { Api } from './api.ts';

/** A file that was dropped or chosen, by its path within what was dropped. */
export interface DroppedFile {
  /** With `/`: `leaves/rust/001.jpg`. */
  readonly path: string;
  readonly file: File;
}

/** What was dropped on the window. Made at once: the browser forgets it when the event is over. */
export interface Dropped {
  /** The files and folders themselves, not what is in the folders. */
  readonly items: readonly File[];
  /** The same, to be walked through; null for what is no entry of a file system (an e-mail's attachment, say). */
  readonly entries: readonly (FileSystemEntry | null)[];
}

/** Takes what an event carries. */
export function takeDrop(data: DataTransfer): Dropped {
  const taken = [...data.items].flatMap((item) => {
    const file = item.kind === 'file' ? item.getAsFile() : null;
    return file === null ? [] : [{ file, entry: item.webkitGetAsEntry() }];
  });
  return { items: taken.map(({ file }) => file), entries: taken.map(({ entry }) => entry) };
}

/** Files that are worth sending: pictures, lists of labels, archives, models. Names alone decide, as nothing is read yet. */
const useful =
  /\.(?:jpe?g|jfif|png|webp|gif|tiff?|bmp|avif|hei[cf]|csv|jsonl?|zip|holotype|onnx|tflite|bin)$/i;
/** Sent side by side; more only makes each slower. */
const lanes = 4;

/** All files in what was dropped, folders walked through; hidden ones and other kinds of files are left out. */
export async function filesIn(dropped: Dropped): Promise<DroppedFile[]> {
  const files: DroppedFile[] = [];
  const visit = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.name.startsWith('.')) return;
    const path = entry.fullPath.replace(/^\//, '');
    if (isFolder(entry)) for (const inside of await entriesOf(entry)) await visit(inside);
    else if (isFile(entry) && useful.test(entry.name)) files.push({ path, file: await fileOf(entry) });
  };
  for (const [at, entry] of dropped.entries.entries()) {
    const file = dropped.items[at];
    if (entry !== null) await visit(entry);
    else if (file !== undefined) files.push(...usefulOf([file]));
  }
  return withOwnPaths(files);
}

/** Files that a person chose with `<input type="file">`, with `webkitdirectory` or without. */
export function filesOf(list: FileList): DroppedFile[] {
  return withOwnPaths(usefulOf([...list]));
}

/**
 * Photos chosen from several folders carry their bare names, and `001.jpg` is in all of them: the second one of a name
 * gets ` (2)` before its ending, so that none takes another's place.
 */
export function withOwnPaths(files: readonly DroppedFile[]): DroppedFile[] {
  const taken = new Set<string>();
  return files.map(({ path, file }) => {
    let own = path;
    const dot = path.lastIndexOf('.');
    for (let copy = 2; taken.has(own.toLowerCase()); copy += 1)
      own = `${path.slice(0, dot)} (${copy})${path.slice(dot)}`;
    taken.add(own.toLowerCase());
    return { path: own, file };
  });
}

function usefulOf(files: readonly File[]): DroppedFile[] {
  return files
    .filter((file) => useful.test(file.name) && !file.name.startsWith('.'))
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * Makes what was dropped something the engine can open: its place where the host knows it, else it is sent, with a
 * dialog that says how far that is.
 *
 * @returns undefined when there was nothing useful in it, or it was cancelled; that has been said
 */
export async function sourceOfDrop(api: Api, dropped: Dropped, title: string): Promise<Source | undefined> {
  const [only] = dropped.items.length === 1 ? await api.host.placesOf(dropped.items) : [];
  if (only !== undefined && only !== null) return { place: only };
  return sendFiles(api, await filesIn(dropped), title);
}

/** Sends files to the engine. @returns as {@link sourceOfDrop} */
export async function sendFiles(
  api: Api,
  files: readonly DroppedFile[],
  title: string,
): Promise<Source | undefined> {
  if (files.length === 0) {
    api.toast({
      tone: 'info',
      title: 'There were no photos in what you dropped.',
      detail: 'Holotype reads JPEG, PNG, WebP, GIF, TIFF, BMP and AVIF.',
    });
    return undefined;
  }
  const dialog = api.open<'cancel'>({ kind: 'upload', title, sent: 0, total: files.length });
  const controller = new AbortController();
  void dialog.closed.then(() => controller.abort());
  const sending = api.attempt(
    (async () => {
      const { upload } = await api.call('uploads.begin', {}, { signal: controller.signal });
      await send(api, upload, files, controller.signal, (sent) =>
        api.dispatch({ type: 'dialogs/progressed', id: dialog.id, sent }),
      );
      return { upload };
    })(),
  );
  const source = await sending;
  api.close(dialog.id);
  return source;
}

async function send(
  api: Api,
  upload: string,
  files: readonly DroppedFile[],
  signal: AbortSignal,
  progress: (sent: number) => void,
): Promise<void> {
  const waiting = [...files];
  let sent = 0;
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await put(api.host.mediaUrl(uploadPath(upload, next.path)), next, signal);
      sent += 1;
      progress(sent);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function put(url: string, { path, file }: DroppedFile, signal: AbortSignal): Promise<void> {
  let status: number;
  try {
    ({ status } = await fetch(url, { method: 'PUT', body: file, signal }));
  } catch (cause) {
    signal.throwIfAborted();
    throw new HolotypeError('failed', `"${path}" could not be sent to the engine.`, {
      remedy: 'Check that the file can still be read and the engine runs, then drop it again.',
      cause,
    });
  }
  if (status >= 300)
    throw new HolotypeError('storage', `The engine did not take "${path}" (status ${status}).`, {
      remedy: 'Check that there is room on the engine’s disk, then drop it again.',
    });
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** All entries of a folder: a reader gives at most a hundred at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
