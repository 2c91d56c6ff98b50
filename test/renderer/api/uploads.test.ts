import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi } from '../../../src/renderer/api/api.ts';
import type { Host, HostListener } from '../../../src/renderer/api/host.ts';
import {
  filesIn,
  sendFiles,
  sourceOfDrop,
  withOwnPaths,
  type Dropped,
} from '../../../src/renderer/api/uploads.ts';
import { createAppStore } from '../../../src/renderer/state/store.ts';
import { serve } from '../../../src/contract/server.ts';
import { directTransport } from '../../../src/contract/transport.ts';
import { createFakeEngine } from '../fake-engine.ts';

/** What a browser gives for a dropped file or folder. */
function entry(path: string, inside?: readonly object[]): FileSystemEntry {
  const name = path.split('/').at(-1) ?? '';
  const made = {
    name,
    fullPath: path,
    isFile: inside === undefined,
    isDirectory: inside !== undefined,
    file: (done: (file: File) => void) => done(new File(['x'], name)),
    createReader: () => {
      const left = [...(inside ?? [])];
      // Two at a time, as a browser gives a hundred at a time.
      return { readEntries: (done: (entries: readonly object[]) => void) => done(left.splice(0, 2)) };
    },
  };
  // Only what is written out above is used.
  return made as unknown as FileSystemEntry;
}

function dropOf(...entries: FileSystemEntry[]): Dropped {
  return { items: entries.map(({ name }) => new File(['x'], name)), entries };
}

const leaves = entry('/leaves', [
  entry('/leaves/rust', [
    entry('/leaves/rust/1.JPG'),
    entry('/leaves/rust/2.png'),
    entry('/leaves/rust/notes.docx'),
  ]),
  entry('/leaves/.trash', [entry('/leaves/.trash/3.jpg')]),
  entry('/leaves/labels.csv'),
]);

function start(placesOf: Host['placesOf'] = async (files) => files.map(() => null)) {
  const engine = createFakeEngine();
  let listener: HostListener | undefined;
  const host: Host = {
    kind: 'web',
    request: () => {
      const [mine, theirs] = directTransport();
      serve(theirs, engine.service);
      listener?.engine(mine);
    },
    listen: (next) => (listener = next),
    mediaUrl: (path) => `/media${path}`,
    placesOf,
    save: async () => true,
  };
  const store = createAppStore();
  const api = createApi(host, store);
  api.session.connect('automatic');
  return { api, state: store.getState };
}

describe('what is dropped on the window', () => {
  const sent: string[] = [];
  let status = 204;
  /** Until then nothing that is sent arrives. */
  let gate: Promise<void> = Promise.resolve();
  beforeEach(() => {
    sent.length = 0;
    status = 204;
    gate = Promise.resolve();
    vi.stubGlobal('fetch', async (url: string, { signal }: { signal: AbortSignal }) => {
      signal.throwIfAborted();
      sent.push(url);
      await gate;
      return { status };
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is walked through: all photos and labels, nothing hidden, nothing else', async () => {
    const found = await filesIn(dropOf(leaves));
    expect(found.map(({ path }) => path)).toEqual([
      'leaves/rust/1.JPG',
      'leaves/rust/2.png',
      'leaves/labels.csv',
    ]);
  });

  it('is opened where it lies when the host knows that', async () => {
    const { api } = start(async () => ['place-dropped-000000000']);
    expect(await sourceOfDrop(api, dropOf(leaves), 'Sending')).toEqual({ place: 'place-dropped-000000000' });
    expect(sent).toEqual([]);
  });

  it('is sent otherwise, with a dialog as long as that takes', async () => {
    const { api, state } = start();
    let open = (): void => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const sending = sourceOfDrop(api, dropOf(leaves), 'Sending');
    await vi.waitUntil(() => state().dialogs.length === 1, { interval: 1 });
    expect(state().dialogs[0]).toMatchObject({ kind: 'upload', total: 3 });
    open();
    expect(await sending).toEqual({ upload: 'upload0123456789abcdef' });
    expect(sent.toSorted()).toEqual([
      '/media/upload/upload0123456789abcdef/leaves/labels.csv',
      '/media/upload/upload0123456789abcdef/leaves/rust/1.JPG',
      '/media/upload/upload0123456789abcdef/leaves/rust/2.png',
    ]);
    expect(state().dialogs).toEqual([]);
  });

  it('is not sent on when a person cancels, and nothing is said about it', async () => {
    const { api, state } = start();
    const sending = sendFiles(api, [{ path: 'a.jpg', file: new File(['x'], 'a.jpg') }], 'Sending');
    const [dialog] = state().dialogs;
    api.close(dialog?.id ?? -1);
    expect(await sending).toBeUndefined();
    expect(sent).toEqual([]);
    expect(state().toasts.toasts).toEqual([]);
  });

  it('that the engine has no room for is named', async () => {
    const { api, state } = start();
    status = 507;
    expect(
      await sendFiles(api, [{ path: 'a.jpg', file: new File(['x'], 'a.jpg') }], 'Sending'),
    ).toBeUndefined();
    expect(state().toasts.toasts[0]).toMatchObject({ title: expect.stringContaining('"a.jpg"') });
    expect(state().dialogs).toEqual([]);
  });

  it('without any photo in it is said to be that', async () => {
    const { api, state } = start();
    expect(await sourceOfDrop(api, dropOf(entry('/notes.docx')), 'Sending')).toBeUndefined();
    expect(state().toasts.toasts[0]?.title).toMatch(/no photos/);
  });
});

describe('photos of one name from several folders', () => {
  it('each get a name of their own, whatever the case of its letters', () => {
    const file = new File(['x'], 'x');
    const paths = ['001.jpg', '001.JPG', '001.jpg', 'b/001.jpg'].map((path) => ({ path, file }));
    expect(withOwnPaths(paths).map(({ path }) => path)).toEqual([
      '001.jpg',
      '001 (2).JPG',
      '001 (3).jpg',
      'b/001.jpg',
    ]);
  });
});
