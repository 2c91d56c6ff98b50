import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileSystem } from '../../src/store/file-system.ts';
import { createProject, openProject } from '../../src/store/project.ts';
import type { Project, Step } from '../../src/store/project.ts';
import { add, id, label, shown, table } from './project-testing.ts';
import { scratchFolder } from './scratch.ts';

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

async function newProject(classes = ['healthy', 'rust']): Promise<Project> {
  const project = await createProject(folder, { name: 'Leaves', classes });
  open.push(project);
  return project;
}

async function opened(readOnly = false): Promise<Project> {
  const project = await openProject(folder, { readOnly });
  open.push(project);
  return project;
}

const take = (project: Project, step: Omit<Step, 'description'>) =>
  project.step(() => ({ description: 'x', ...step }));
const file = (name: string): string => join(folder, name);
const manifest = (): { classes: string[] } => JSON.parse(readFileSync(file('holotype.json'), 'utf8'));

describe('a step that changes classes', () => {
  it('is one with what it does to photos, and is undone and redone as one', async () => {
    const project = await newProject();
    await project.change('Add', [add(1, ['rust']), add(2, ['healthy'])]);
    const before = shown(project);
    await take(project, {
      photos: [label(1, 'mildew')],
      classes: table(['healthy', 'mildew'], { colors: { mildew: 4 }, folders: { rust: 'mildew' } }),
    });
    const after = shown(project);
    expect(manifest()).toMatchObject({
      classes: ['healthy', 'mildew'],
      colors: { mildew: 4 },
      folders: { rust: 'mildew' },
    });
    await project.undo();
    expect(shown(project)).toEqual(before);
    expect(manifest().classes).toEqual(['healthy', 'rust']);
    await project.redo();
    expect(shown(project)).toEqual(after);
    await project.close();
    const again = await opened();
    expect(shown(again)).toEqual(after);
    expect(again.problems).toEqual([]);
    await again.undo();
    expect(shown(again)).toEqual(before);
  });

  it('is made up when its turn comes', async () => {
    const project = await newProject();
    await project.change('Add', [add(1), add(2)]);
    const first = project.change('Label', [label(1, 'rust')]);
    const second = project.step(() => ({
      description: 'Label the others',
      photos: [...project.assets.values()].flatMap((photo) =>
        photo.labels.length === 0 ? [{ id: photo.id, to: { labels: ['healthy'] } }] : [],
      ),
    }));
    await first;
    expect((await second)?.changes.map((change) => change.id)).toEqual([id(2)]);
    expect(await project.step(() => undefined)).toBeUndefined();
    expect(project.undoable).toHaveLength(3);
  });

  it('leaves a class that photos still have', async () => {
    const project = await newProject();
    await project.change('Add', [add(1, ['rust']), add(2, ['healthy'])]);
    await take(project, { photos: [label(2)], classes: table([]) });
    expect(project.manifest.classes).toEqual(['rust']);
  });

  it('is done although holotype.json could not be written, which is made up for', async () => {
    const project = await newProject();
    await project.change('Add', [add(1)]);
    const broken = vi
      .spyOn(fileSystem, 'rename')
      .mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await take(project, { photos: [label(1, 'mold')], classes: table(['mold']) });
    expect(shown(project)).toEqual([['mold'], {}, ['photos/1.jpg: mold']]);
    expect(manifest().classes).toEqual(['healthy', 'rust']);
    expect((await opened(true)).manifest.classes).toEqual(['mold']);
    broken.mockRestore();
    await project.close();
    expect(manifest().classes).toEqual(['mold']);
  });
});

describe('what looking through the folder finds', () => {
  it('is kept but no step of a person, so that undo does not take it back', async () => {
    const project = await newProject(['a']);
    await project.change('Add', [add(1)]);
    await take(project, { photos: [label(1, 'b')], classes: table(['a', 'b']) });
    await take(project, { undoable: false, photos: [add(2, ['c'])], classes: table(['a', 'b', 'c']) });
    expect(project.undoable).toHaveLength(2);
    await project.undo();
    const undone = [['a', 'c'], {}, ['photos/1.jpg: ', 'photos/2.jpg: c']];
    expect(shown(project)).toEqual(undone);
    await project.close();
    const again = await opened();
    expect(shown(again)).toEqual(undone);
    await again.compact();
    expect(readFileSync(file('labels.journal.jsonl'), 'utf8')).not.toContain('"scan"');
    await again.redo();
    expect(shown(again)).toEqual([['a', 'b', 'c'], {}, ['photos/1.jpg: b', 'photos/2.jpg: c']]);
    await again.undo();
    // A photo found since has the class: it stays.
    await take(again, { undoable: false, photos: [add(3)] });
    await take(again, { photos: [label(3, 'd')], classes: table(['a', 'c', 'd']) });
    await take(again, { undoable: false, photos: [add(4, ['d'])] });
    await again.undo();
    expect(shown(again)).toEqual([
      ['a', 'c', 'd'],
      {},
      ['photos/1.jpg: ', 'photos/2.jpg: c', 'photos/3.jpg: ', 'photos/4.jpg: d'],
    ]);
  });
});

describe('classes after a crash', () => {
  /** What a person has seen after each line of the journal. */
  async function history(): Promise<{ journal: Buffer; states: unknown[]; manifests: string[] }> {
    const project = await newProject();
    const states = [shown(project)];
    const manifests = [readFileSync(file('holotype.json'), 'utf8')];
    const after = async (step: Promise<unknown>): Promise<void> => {
      await step;
      states.push(shown(project));
      manifests.push(readFileSync(file('holotype.json'), 'utf8'));
    };
    await after(project.change('Add', [add(1, ['rust']), add(2)]));
    await after(take(project, { classes: table(['healthy', 'rust', 'mildew'], { colors: { mildew: 2 } }) }));
    await after(project.change('Label', [label(2, 'mildew')]));
    await after(take(project, { photos: [label(2, 'Mehltau')], classes: table(['rust', 'Mehltau']) }));
    await after(project.undo());
    await after(take(project, { undoable: false, classes: table(['a', 'rust', 'mildew']) }));
    await project.close();
    return { journal: readFileSync(file('labels.journal.jsonl')), states, manifests };
  }

  it('are those that were confirmed, wherever the journal ends and however old holotype.json is', async () => {
    const { journal, states, manifests } = await history();
    const seen = new Set<number>();
    for (let length = 0; length <= journal.length; length += 1) {
      const cut = journal.subarray(0, length).toString();
      // A line is whole with its last bracket; only the newline may be missing.
      const whole = cut.split('\n').filter((text) => text.endsWith('}]}') || text.endsWith('}}}')).length;
      const lines = cut.split('\n').filter((text) => isJson(text)).length;
      expect(lines).toBeGreaterThanOrEqual(cut.split('\n').length - 1);
      expect(lines).toBeLessThanOrEqual(whole);
      seen.add(lines);
      // holotype.json is written after the journal: it may be as old as it likes, but never newer.
      const ages = cut.endsWith('\n')
        ? Array.from({ length: lines + 1 }, (_, age) => age)
        : [length % 2 === 0 ? 0 : lines];
      for (const age of ages) {
        writeFileSync(file('labels.journal.jsonl'), journal.subarray(0, length));
        writeFileSync(file('holotype.json'), manifests[age] ?? '');
        const reader = await openProject(folder, { readOnly: true });
        expect(shown(reader)).toEqual(states[lines]);
        expect(reader.problems.filter(({ reason }) => !reason.includes('cut off'))).toEqual([]);
      }
    }
    expect([...seen]).toEqual(states.map((_, count) => count));
  });

  it('are repaired on the disk by the next who opens the project for writing', async () => {
    const { states, manifests } = await history();
    writeFileSync(file('holotype.json'), manifests[0] ?? '');
    const project = await opened();
    expect(shown(project)).toEqual(states.at(-1));
    expect(manifest().classes).toEqual(['a', 'rust', 'mildew']);
  });

  it('may be edited by hand: what is in holotype.json already is not done again', async () => {
    await history();
    const text = readFileSync(file('holotype.json'), 'utf8');
    writeFileSync(file('holotype.json'), text.replace('"a"', '"by hand"'));
    expect((await opened()).manifest.classes).toEqual(['by hand', 'rust', 'mildew']);
  });

  it('include those that photos have, whatever holotype.json says', async () => {
    const project = await newProject();
    await project.change('Add', [add(1, ['rust'])]);
    await project.close();
    const text = readFileSync(file('holotype.json'), 'utf8');
    writeFileSync(file('holotype.json'), text.replace('"rust"', '"Rust"'));
    const again = await opened();
    expect(again.manifest.classes).toEqual(['healthy', 'Rust', 'rust']);
    expect(again.problems[0]?.reason).toContain('"rust"');
    expect(manifest().classes).toEqual(['healthy', 'Rust', 'rust']);
    await again.close();
    expect((await opened()).problems).toEqual([]);
  });
});

describe('a project of version 1 with classes in its journal', () => {
  it('opens as it was meant', async () => {
    cpSync(new URL('fixtures/project-v1-classes', import.meta.url), folder, { recursive: true });
    const project = await opened();
    expect(project.problems).toEqual([]);
    expect(project.manifest).toMatchObject({
      classes: ['Formicidae', 'bees', 'flies'],
      colors: { Formicidae: 5, bees: 1, flies: 2 },
      folders: { ants: 'Formicidae', bees: 'bees', flies: 'flies' },
      photoFolder: 'photos',
      classesAt: 4,
    });
    await project.undo();
    expect(shown(project)).toEqual([
      ['ants', 'bees', 'flies'],
      { ants: 0, bees: 1, flies: 2 },
      ['ants/1.jpg: ants', 'bees/1.jpg: bees', 'flies/1.jpg: flies'],
    ]);
    expect(project.undoable).toEqual([]);
  });
});

describe('the history', () => {
  it('is whole while the project is open, and long afterwards', async () => {
    const project = await newProject();
    await project.change('Add', [add(1)]);
    for (let n = 0; n < 1_200; n += 1)
      await project.change(`${n}`, [label(1, n % 2 === 0 ? 'rust' : 'healthy')]);
    expect(project.undoable).toHaveLength(1_201);
    await project.close();
    const again = await opened();
    expect(readFileSync(file('dataset.jsonl'), 'utf8')).toContain('healthy'); // it was compacted on opening
    expect(again.undoable).toHaveLength(1_201);
    await again.undo();
    expect(again.assets.get(id(1))?.labels).toEqual(['rust']);
  });

  it('always reads back what was shown, whatever is done to classes and photos', async () => {
    const kinds = [
      'label',
      'create',
      'rename',
      'remove',
      'find',
      'undo',
      'redo',
      'compact',
      'reopen',
    ] as const;
    const names = ['a', 'b', '__proto__', 'constructor'];
    const action = fc.record({
      kind: fc.constantFrom(...kinds),
      n: fc.nat(2),
      name: fc.constantFrom(...names),
      to: fc.constantFrom(...names),
    });
    const seen = (project: Project): unknown => [
      shown(project),
      project.undoable.length,
      project.redoable.length,
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 14 }), async (actions) => {
        rmSync(folder, { recursive: true, force: true });
        let project = await newProject(['a']);
        await take(project, { undoable: false, photos: [add(0), add(1), add(2)] });
        let found = 3;
        for (const { kind, n, name, to } of actions) {
          const { classes, colors = {} } = project.manifest;
          const there = classes.includes(name);
          const relabel = (from: string, labels: string[]) =>
            [...project.assets.values()].flatMap((photo) =>
              photo.labels.includes(from) ? [{ id: photo.id, to: { labels } }] : [],
            );
          if (kind === 'label' && there) await project.change('x', [label(n, name)]);
          if (kind === 'create' && !there)
            await take(project, {
              classes: table([...classes, name], { colors: { ...colors, [name]: n } }),
            });
          if (kind === 'rename' && there && !classes.includes(to))
            await take(project, {
              photos: relabel(name, [to]),
              classes: table(classes.map((old) => (old === name ? to : old))),
            });
          if (kind === 'remove' && there)
            await take(project, {
              photos: relabel(name, []),
              classes: table(classes.filter((old) => old !== name)),
            });
          if (kind === 'find') {
            await take(project, {
              undoable: false,
              photos: [add(found, [name])],
              classes: table(there ? classes : [...classes, name]),
            });
            found += 1;
          }
          if (kind === 'undo' || kind === 'redo' || kind === 'compact') await project[kind]();
          if (kind === 'reopen') {
            await project.close();
            project = await opened();
          }
          const reader = await openProject(folder, { readOnly: true });
          expect(seen(reader)).toEqual(seen(project));
          expect(reader.problems).toEqual([]);
          const used = [...project.assets.values()].flatMap(({ labels }) => labels);
          expect(used.filter((one) => !project.manifest.classes.includes(one))).toEqual([]);
        }
        await project.close();
      }),
      { numRuns: 60 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
