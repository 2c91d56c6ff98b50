import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Question } from '../../electron/main/child-messages.ts';
import type { EngineProcess } from '../../electron/main/engine-process.ts';
import { HolotypeError } from '../../src/contract/errors.ts';

type Handler = (event: object, ...input: unknown[]) => unknown;
const world = vi.hoisted(() => ({
  handlers: new Map<string, unknown>(),
  shown: [] as { kind: string; parent: unknown; options: Record<string, unknown> }[],
  open: { canceled: false, filePaths: [] as string[] },
  save: { canceled: false, filePath: '' },
  button: 0,
  opened: [] as string[],
}));
vi.mock('electron', () => {
  /** Dialogs take a parent or not. */
  const show = (kind: string, answer: () => unknown) => async (parent: object, options?: object) => {
    const [window, asked] = options === undefined ? [undefined, parent] : [parent, options];
    world.shown.push({ kind, parent: window, options: asked as Record<string, unknown> });
    return answer();
  };
  return {
    dialog: {
      showOpenDialog: show('open', () => world.open),
      showSaveDialog: show('save', () => world.save),
      showMessageBox: show('message', () => ({ response: world.button })),
    },
    ipcMain: {
      handle: (channel: string, handler: unknown) => world.handlers.set(channel, handler),
      on: (channel: string, handler: unknown) => world.handlers.set(channel, handler),
    },
    shell: { openPath: async (path: string) => world.opened.push(path) },
  };
});
const { answerDialogs, askForCamera } = await import('../../electron/main/dialogs.ts');

const home = 'app://holotype/index.html';
let window: object | undefined;
const asked: Question[] = [];
let trouble: HolotypeError | undefined;
const engine = {
  ask: async (question: Question) => {
    asked.push(question);
    if (trouble !== undefined) throw trouble;
    if (question.about === 'grant')
      return { about: 'grant', places: question.paths.map((path) => `token of ${path}`) };
    return question.about === 'logs' ? { about: 'logs', folder: '/logs' } : { about: 'save' };
  },
};
answerDialogs({
  // Only what dialogs use of the engine and the window is played.
  engine: engine as unknown as Pick<EngineProcess, 'ask'>,
  home,
  window: () => window as ReturnType<Parameters<typeof answerDialogs>[0]['window']>,
});

const strangers = [
  { url: 'https://example.org', parent: null },
  { url: home, parent: {} },
  { url: 'app://holotype.evil/index.html', parent: null },
];
const page = { url: home, parent: null };
const invoke = async (channel: string, input: unknown[], frame: object | null = page): Promise<unknown> =>
  (world.handlers.get(`holotype:${channel}`) as Handler)({ senderFrame: frame }, ...input);

const token = 'A'.repeat(24);
const absolute = resolve('/home/ada/photos');
beforeEach(() => {
  world.shown.length = 0;
  world.opened.length = 0;
  asked.length = 0;
  trouble = undefined;
  window = { name: 'the window' };
  world.open = { canceled: false, filePaths: [absolute] };
  world.save = { canceled: false, filePath: join(absolute, 'model.zip') };
});

describe('choosing', () => {
  it.each([
    ['folder', ['openDirectory']],
    ['target', ['openDirectory', 'createDirectory']],
    ['archive', ['openFile']],
    ['model', ['openFile']],
  ])('a %s shows the system\u2019s dialog and gives the page a token', async (kind, properties) => {
    expect(await invoke('pick', [kind])).toBe(`token of ${absolute}`);
    expect(world.shown).toMatchObject([{ kind: 'open', parent: window, options: { properties } }]);
    expect(asked).toEqual([{ about: 'grant', paths: [absolute] }]);
  });

  it('nothing gives nothing', async () => {
    world.open = { canceled: true, filePaths: [] };
    expect(await invoke('pick', ['folder'])).toBeNull();
    world.open = { canceled: false, filePaths: [] };
    expect(await invoke('pick', ['folder'])).toBeNull();
    expect(asked).toEqual([]);
  });

  it('works without a window, too', async () => {
    window = undefined;
    expect(await invoke('pick', ['folder'])).toBe(`token of ${absolute}`);
  });

  it.each([['constructor'], ['everything'], [undefined], [7], [['folder']]])(
    '%j is no thing to choose',
    async (kind) => {
      expect(await invoke('pick', [kind])).toBeNull();
      expect(world.shown).toEqual([]);
    },
  );
});

describe('what was dropped', () => {
  it('gets tokens, in its order; what has no path gets none', async () => {
    const other = join(absolute, 'b.jpg');
    expect(await invoke('grant', [[absolute, '', other, 'relative/path.jpg', 7]])).toEqual([
      `token of ${absolute}`,
      null,
      `token of ${other}`,
      null,
      null,
    ]);
    expect(asked).toEqual([{ about: 'grant', paths: [absolute, other] }]);
  });

  it.each([['a string'], [undefined], [{ length: 3 }], [Array.from({ length: 10_001 }, () => '/x')]])(
    'has to be a list of sensible length',
    async (paths) => {
      expect(await invoke('grant', [paths])).toEqual([]);
      expect(asked).toEqual([]);
    },
  );
});

describe('saving', () => {
  it('is done by the engine, where the person says', async () => {
    expect(await invoke('save', [token, 'Leaves.zip'])).toBe(true);
    expect(world.shown).toMatchObject([{ kind: 'save', options: { defaultPath: 'Leaves.zip' } }]);
    expect(asked).toEqual([{ about: 'save', download: token, path: join(absolute, 'model.zip') }]);
  });

  it('proposes a name, not a place', async () => {
    await invoke('save', [token, '../../etc/cron.d\\x']);
    expect(world.shown[0]?.options['defaultPath']).toBe('.._.._etc_cron.d_x');
  });

  it('can be thought better of', async () => {
    world.save = { canceled: true, filePath: '' };
    expect(await invoke('save', [token, 'a.zip'])).toBe(false);
    expect(asked).toEqual([]);
  });

  it('that fails says why', async () => {
    trouble = new HolotypeError('storage', 'The disk is full.', { remedy: 'Free some space.' });
    expect(await invoke('save', [token, 'a.zip'])).toBe(false);
    expect(world.shown.at(-1)).toMatchObject({
      kind: 'message',
      options: {
        type: 'error',
        message: expect.stringContaining('a.zip'),
        detail: 'The disk is full. Free some space.',
      },
    });
  });

  it.each([
    ['/etc/passwd', 'a'],
    ['../x', 'a'],
    [7, 'a'],
    [token, 7],
    [undefined, undefined],
  ])('of %j as %j makes no sense', async (download, name) => {
    expect(await invoke('save', [download, name])).toBe(false);
    expect(world.shown).toEqual([]);
  });
});

describe('the folder of logs', () => {
  it('is shown in the file manager', async () => {
    await invoke('show-logs', []);
    await vi.waitFor(() => expect(world.opened).toEqual(['/logs']));
  });

  it('that can not be found says so', async () => {
    trouble = new HolotypeError('failed', 'The engine is not running.');
    await invoke('show-logs', []);
    await vi.waitFor(() => expect(world.shown).toMatchObject([{ kind: 'message' }]));
  });
});

describe('anybody else', () => {
  it.each([...strangers, null])('%j gets no dialog and no answer', async (frame) => {
    expect(await invoke('pick', ['folder'], frame)).toBeNull();
    expect(await invoke('grant', [[absolute]], frame)).toEqual([]);
    expect(await invoke('save', [token, 'a.zip'], frame)).toBe(false);
    await invoke('show-logs', [], frame);
    expect(world.shown).toEqual([]);
    expect(asked).toEqual([]);
    expect(world.opened).toEqual([]);
  });
});

describe('the camera', () => {
  it('is asked for in words, and no is the answer of a closed dialog', async () => {
    world.button = 0;
    expect(await askForCamera(undefined)).toBe(true);
    world.button = 1;
    expect(await askForCamera(undefined)).toBe(false);
    expect(world.shown[0]?.options).toMatchObject({
      cancelId: 1,
      message: expect.stringContaining('camera'),
    });
  });
});
