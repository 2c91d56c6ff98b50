import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asset } from '../../src/contract/project.ts';
import { fileSystem } from '../../src/store/file-system.ts';
import { createProject, openProject } from '../../src/store/project.ts';
import type { Project, RequestedChange } from '../../src/store/project.ts';
import { upgrader } from '../../src/store/project-migrations.ts';
import { scratchFolder } from './scratch.ts';

const fixture = new URL('fixtures/project-v1', import.meta.url);
let folder: string;
const open: Project[] = [];

beforeEach(() => {
  folder = join(scratchFolder(), 'leaves');
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const project of open.splice(0)) await project.close();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

const id = (n: number) => n.toString(16).padStart(64, '0');
const asset = (n: number, labels: string[] = []): Asset => ({
  id: id(n),
  path: `photos/${n}.jpg`,
  bytes: n,
  labels,
});
const add = (n: number, labels: string[] = []): RequestedChange => ({ id: id(n), to: asset(n, labels) });
const label = (n: number, ...labels: string[]): RequestedChange => ({ id: id(n), to: { labels } });

async function newProject(): Promise<Project> {
  const project = await createProject(folder, { name: 'Leaves', classes: ['healthy', 'rust'], who: 'ada' });
  open.push(project);
  return project;
}

async function opened(options: { readOnly?: boolean } = {}): Promise<Project> {
  const project = await openProject(folder, { who: 'bob', ...options });
  open.push(project);
  return project;
}

const state = (project: Project) => [...project.assets.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
const isJson = (text: string) => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};
const file = (name: string) => join(folder, name);

describe('a project', () => {
  it('keeps its settings', async () => {
    const project = await newProject();
    await project.updateManifest({ name: 'Leaves 2', settings: { backbone: 'x' } });
    await expect(project.updateManifest({ classes: ['a', 'a'] })).rejects.toMatchObject({
      code: 'bad-input',
    });
    await project.close();
    const { manifest } = await opened();
    expect(manifest).toMatchObject({ name: 'Leaves 2', task: 'single-label', classes: ['healthy', 'rust'] });
    expect(manifest.settings).toEqual({ backbone: 'x' });
  });

  it('is not made where one is, nor opened where none is', async () => {
    await newProject();
    await expect(createProject(folder, { name: 'x' })).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(openProject(join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(createProject(join(folder, 'b'), { name: '' })).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('is written by one process at a time, and read by any', async () => {
    const project = await newProject();
    await expect(openProject(folder)).rejects.toMatchObject({ code: 'busy' });
    const reader = await opened({ readOnly: true });
    await expect(reader.change('x', [add(1)])).rejects.toMatchObject({ code: 'failed' });
    await project.close();
    await (await opened()).change('x', [add(1)]);
  });

  it('says what is wrong wherever holotype.json is cut', async () => {
    await (await newProject()).close();
    const text = readFileSync(file('holotype.json'), 'utf8').trimEnd();
    for (let length = 0; length < text.length; length += 1) {
      writeFileSync(file('holotype.json'), text.slice(0, length));
      await expect(openProject(folder)).rejects.toMatchObject({ code: 'bad-input' });
    }
    writeFileSync(file('holotype.json'), '{"classes":["a","b"],"backbone":"x"}'); // a saved model's
    await expect(openProject(folder)).rejects.toThrow('does not belong to a project');
    writeFileSync(file('holotype.json'), text.replace('"formatVersion": 1', '"formatVersion": 2'));
    await expect(openProject(folder)).rejects.toMatchObject({ code: 'not-supported' });
  });
});

describe('labelling', () => {
  it('is kept, undone and redone, also after reopening', async () => {
    const project = await newProject();
    await project.change('Add', [add(1), add(2)]);
    await project.change('Label', [label(1, 'rust'), { id: id(2), to: { split: 'val', group: 'g' } }]);
    const labelled = [asset(1, ['rust']), { ...asset(2), split: 'val', group: 'g' }];
    expect(state(project)).toEqual(labelled);
    await project.change('Remove', [
      { id: id(1), to: null },
      { id: id(2), to: { split: null } },
    ]);
    expect(state(project)).toEqual([{ ...asset(2), group: 'g' }]);
    await project.close();

    const again = await opened();
    expect(state(again)).toEqual([{ ...asset(2), group: 'g' }]);
    expect((await again.undo())?.description).toBe('Remove');
    expect(state(again)).toEqual(labelled);
    await again.undo();
    expect(state(again)).toEqual([asset(1), asset(2)]);
    await again.redo();
    expect(state(again)).toEqual(labelled);
    await again.close();

    const third = await opened();
    expect(third.undoable.map(({ description }) => description)).toEqual(['Add', 'Label']);
    expect(third.redoable.map(({ description }) => description)).toEqual(['Remove']);
    expect(await third.change('Other', [label(2, 'healthy')])).toMatchObject({ seq: 7, who: 'bob' });
    expect(await third.redo()).toBeUndefined();
    expect(third.problems).toEqual([]);
  });

  it('refuses what does not fit, and changes nothing then', async () => {
    const project = await newProject();
    await project.change('Add', [add(1)]);
    const trying = (change: RequestedChange) => project.change('x', [label(1, 'rust'), change]);
    await expect(trying(label(2, 'rust'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(trying(add(2, ['mold']))).rejects.toMatchObject({ code: 'bad-input' });
    await expect(trying(add(2, ['rust', 'healthy']))).rejects.toMatchObject({ code: 'bad-input' });
    await expect(trying({ id: id(2), to: { ...asset(2), bytes: -1 } })).rejects.toThrow('bytes: ');
    await expect(trying(label(1, 'healthy'))).rejects.toThrow('more than once');
    expect(state(project)).toEqual([asset(1)]);
    expect(project.undoable).toHaveLength(1);
  });

  it('survives the disk being full', async () => {
    const project = await newProject();
    await project.change('Add', [add(1)]);
    await project.close();
    const openFile = vi.spyOn(fileSystem, 'open');
    const again = await opened();
    const journal = openFile.mock.calls.findIndex(([, flags]) => flags === 'a');
    const handle = openFile.mock.settledResults[journal];
    if (handle?.type !== 'fulfilled') throw new Error('the journal has not been opened');
    vi.spyOn(handle.value, 'write').mockRejectedValueOnce(
      Object.assign(new Error('full'), { code: 'ENOSPC' }),
    );
    await expect(again.change('Label', [label(1, 'rust')])).rejects.toMatchObject({ code: 'storage' });
    expect(state(again)).toEqual([asset(1)]);
    await again.change('Label', [label(1, 'rust')]);
    await again.close();
    expect(state(await opened())).toEqual([asset(1, ['rust'])]);
  });

  it('always reads back what was shown, however it was changed, undone and compacted', async () => {
    const kinds = ['add', 'label', 'remove', 'undo', 'redo', 'compact', 'reopen'] as const;
    const step = fc.record({ kind: fc.constantFrom(...kinds), n: fc.nat(3), rust: fc.boolean() });
    const seen = (project: Project) => [state(project), project.undoable.length, project.redoable.length];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        let project = await newProject();
        for (const { kind, n, rust } of steps) {
          const change = (to: RequestedChange['to']) => project.change(kind, [{ id: id(n), to }]);
          const there = project.assets.has(id(n));
          if (kind === 'undo' || kind === 'redo' || kind === 'compact') await project[kind]();
          if (kind === 'add') await change(asset(n));
          if (kind === 'label' && there) await change({ labels: [rust ? 'rust' : 'healthy'] });
          if (kind === 'remove' && there) await change(null);
          if (kind === 'reopen') {
            await project.close();
            project = await opened();
          }
          expect(seen(await openProject(folder, { readOnly: true }))).toEqual(seen(project));
        }
        while (project.undoable.length > 0) await project.undo();
        expect(state(project)).toEqual([]);
        await project.close();
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
  });
});

describe('the files of a project', () => {
  async function labelled(): Promise<void> {
    const project = await newProject();
    await project.change('Add', [add(1), add(2)]);
    await project.compact();
    await project.change('Label 1', [label(1, 'rust')]);
    await project.change('Label 2', [label(2, 'rust')]);
    await project.close();
  }

  /** The journal without its history: half as long to go through byte by byte. */
  async function shortJournal(): Promise<Buffer> {
    await labelled();
    const text = readFileSync(file('labels.journal.jsonl'), 'utf8');
    return Buffer.from(text.slice(text.indexOf('\n') + 1));
  }

  it('survive the journal being cut at every byte', async () => {
    const bytes = await shortJournal();
    const counts = new Set<number>();
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(file('labels.journal.jsonl'), bytes.subarray(0, length));
      const project = await openProject(folder);
      expect(project.assets.size).toBe(2);
      const count = [...project.assets.values()].filter(({ labels }) => labels.length > 0).length;
      const confirmed = bytes
        .subarray(0, length)
        .toString()
        .split('\n')
        .filter((text) => text.includes('"Label') && isJson(text)).length;
      expect(count).toBe(confirmed);
      counts.add(count);
      await project.change('Again', [label(2, 'healthy')]);
      await project.close();
      const again = await openProject(folder, { readOnly: true });
      expect(again.problems).toEqual([]);
      expect(again.assets.get(id(2))?.labels).toEqual(['healthy']);
    }
    expect([...counts]).toEqual([0, 1, 2]);
  });

  it('survive dataset.jsonl being cut at every byte, and say so', async () => {
    await labelled();
    const bytes = readFileSync(file('dataset.jsonl'));
    const journal = readFileSync(file('labels.journal.jsonl'));
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(file('dataset.jsonl'), bytes.subarray(0, length));
      writeFileSync(file('labels.journal.jsonl'), journal);
      const project = await openProject(folder);
      const whole = bytes.subarray(0, length).toString().split('\n').filter(isJson);
      expect([...project.assets.keys()]).toEqual([id(1), id(2)].slice(0, whole.length));
      const cutInside = length > 0 && ![0x7d, 0x0a].includes(bytes[length - 1] ?? 0);
      expect(project.problems.some(({ reason }) => reason.includes('cut off'))).toBe(cutInside);
      await project.change('Add', [add(3)]);
      await project.close();
    }
  });

  it('keep lines that cannot be read, when they are rewritten', async () => {
    await labelled();
    const damaged = readFileSync(file('dataset.jsonl'), 'utf8').replace('"bytes":1', '"bytes":"?"');
    writeFileSync(file('dataset.jsonl'), damaged);
    const project = await opened();
    expect(project.problems[0]).toMatchObject({ file: 'dataset.jsonl', line: 1 });
    expect(project.problems[1]?.reason).toContain('not in the project');
    await project.compact();
    const copy = readdirSync(folder).find((name) => name.startsWith('dataset.jsonl.damaged-')) ?? '';
    expect(readFileSync(file(copy), 'utf8')).toBe(damaged);
    await project.close();
    expect((await opened()).problems).toEqual([]);
  });

  it('lose nothing when compacting stops half-way', async () => {
    await labelled();
    const project = await opened();
    const before = state(project);
    const rename = fileSystem.rename;
    let calls = 0;
    vi.spyOn(fileSystem, 'rename').mockImplementation((from, to) => {
      calls += 1;
      return calls === 2 ? Promise.reject(Object.assign(new Error('x'), { code: 'EIO' })) : rename(from, to);
    });
    await expect(project.compact()).rejects.toMatchObject({ code: 'storage' });
    vi.restoreAllMocks();
    expect(state(await opened({ readOnly: true }))).toEqual(before);
    await project.change('Label', [label(1, 'healthy')]);
    await project.close();
    expect((await opened()).assets.get(id(1))?.labels).toEqual(['healthy']);
  });

  it('may be edited by hand: what was compacted is not done again', async () => {
    await labelled();
    const project = await opened();
    await project.compact();
    await project.close();
    const text = readFileSync(file('dataset.jsonl'), 'utf8');
    writeFileSync(file('dataset.jsonl'), text.replace('"rust"', '"healthy"'));
    const again = await opened();
    expect(again.assets.get(id(1))?.labels).toEqual(['healthy']);
    expect(again.undoable).toHaveLength(3);
  });
});

describe('a project of version 1', () => {
  it('opens as it was meant, and keeps what we do not know', async () => {
    cpSync(fixture, folder, { recursive: true });
    const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
    const project = await opened();
    expect(project.problems).toEqual([]);
    expect(project.manifest).toMatchObject({
      name: 'Leaves of 2026',
      classes: ['healthy', 'rust', 'mildew'],
    });
    expect(state(project)).toEqual([
      {
        id: a,
        path: 'photos/ahorn 1.jpg',
        bytes: 48213,
        labels: ['healthy'],
        split: 'train',
        group: 'tree-7',
      },
      {
        id: b,
        path: 'photos/birke.jpg',
        otherPaths: ['photos/copy of birke.jpg'],
        bytes: 51200,
        labels: ['mildew'],
        camera: 'kept as it is',
        split: 'val',
      },
    ]);
    expect((await project.redo())?.changes[0]?.id).toBe(c);
    await project.undo();
    await project.undo();
    await project.undo();
    await project.updateManifest({ name: 'x' });
    await project.compact();
    expect(await project.undo()).toBeUndefined();
    expect(project.assets.get(a ?? '')?.labels).toEqual(['rust']);
    expect(project.assets.get(b ?? '')).toMatchObject({ labels: [], camera: 'kept as it is' });
    await project.close();
    expect(JSON.parse(readFileSync(file('holotype.json'), 'utf8'))).toMatchObject({
      note: 'a field that Holotype does not know',
    });
    expect(readFileSync(file('dataset.jsonl'), 'utf8')).toContain('kept as it is');
  });
});

describe('upgrading', () => {
  const migrations = new Map([
    [1, { asset: ({ file: path, ...rest }: Record<string, unknown>) => ({ path, ...rest }) }],
    [
      2,
      { asset: (value: Record<string, unknown>) => ({ labels: [], ...value }), manifest: () => ({ v: 3 }) },
    ],
  ]);

  it('takes every step from the version it starts at', () => {
    expect(upgrader('asset', 1, 3, migrations)({ file: 'x' })).toEqual({ path: 'x', labels: [] });
    expect(upgrader('asset', 2, 3, migrations)({ file: 'x' })).toEqual({ file: 'x', labels: [] });
    expect(upgrader('asset', 3, 3, migrations)({ file: 'x' })).toEqual({ file: 'x' });
    expect(upgrader('manifest', 1, 3, migrations)({ v: 1 })).toEqual({ v: 3 });
    expect(upgrader('journalEntry', 1, 3, migrations)(7)).toBe(7);
  });

  it('says that a version is too new, or unknown', () => {
    expect(() => upgrader('asset', 4, 3, migrations)).toThrow('newer Holotype');
    expect(() => upgrader('asset', 0, 3, migrations)).toThrow('format 0');
  });
});
