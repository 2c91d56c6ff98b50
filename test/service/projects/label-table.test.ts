import * as fc from 'fast-check';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asset, Task } from '../../../src/contract/project.ts';
import { exportLabels, importLabels } from '../../../src/service/projects/label-table.ts';
import { createProject, type Project } from '../../../src/store/project.ts';
import { id } from '../../store/project-testing.ts';
import { scratchFolder } from '../../store/scratch.ts';

let folder: string;
const open: Project[] = [];
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(async () => {
  for (const project of open.splice(0)) await project.close();
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
type Given = Pick<Asset, 'path' | 'labels'> & Partial<Asset>;

async function projectOf(
  photos: readonly Given[],
  options: { task?: Task; classes?: string[] } = {},
): Promise<Project> {
  made += 1;
  const classes = options.classes ?? [...new Set(photos.flatMap(({ labels }) => labels))];
  const project = await createProject(join(folder, `${made}`), {
    name: 'x',
    classes,
    ...(options.task && { task: options.task }),
  });
  open.push(project);
  await project.step(() => ({
    description: 'Found photos',
    undoable: false,
    photos: photos.map((photo, n) => ({ id: id(n), to: { id: id(n), bytes: n, ...photo } })),
  }));
  return project;
}

async function take(project: Project, csv: string) {
  const { step, report } = importLabels(project, csv);
  if (step) await project.step(() => step);
  return report;
}

const said = (project: Project) =>
  [...project.assets.values()].map(({ path, labels, split, group, target, excluded }) => ({
    path,
    labels: [...labels].sort(),
    split,
    group,
    target,
    excluded,
  }));
const bare = ({ path }: Pick<Asset, 'path'>) => ({ path, labels: [] as string[] });

/** Names as disks allow them, and some that spreadsheets and parsers stumble over. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      '=SUM(A1)',
      '+1',
      '-x',
      '@y',
      'a,b',
      'a;b',
      'say "x"',
      '"',
      ' x ',
      'tab\tb',
      'line\nbreak',
      '\\back',
      './x',
      'Ä',
      'A\u0308',
      '日本',
      '#',
      "'",
    ),
  )
  .filter(
    (text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && Buffer.from(text).toString() === text,
  );
const className = name.map((text) => text.normalize('NFC').trim()).filter((text) => text !== '');
const photoArbitrary = fc.record({
  path: fc
    .tuple(fc.array(name, { maxLength: 2 }), name)
    .map(([folders, file]) => [...folders, `${file}.jpg`].join('/')),
  labels: fc.uniqueArray(className, { maxLength: 3 }),
  split: fc.option(fc.constantFrom('train' as const, 'val' as const, 'test' as const), { nil: undefined }),
  group: fc.option(className, { nil: undefined }),
  excluded: fc.option(fc.constant(true), { nil: undefined }),
});

describe('a table of labels', () => {
  it('may give a photo several labels in a cell, with ; between them', async () => {
    const project = await projectOf([bare({ path: 'a.jpg' }), bare({ path: 'b.jpg' })], {
      task: 'multi-label',
    });
    await take(project, 'filename,label\na.jpg,wet; dark\nb.jpg,dark\n');
    expect(said(project).map(({ labels }) => labels)).toEqual([['dark', 'wet'], ['dark']]);
    expect(project.manifest.classes).toEqual(['dark', 'wet']);
  });

  it('that was exported is read back unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(photoArbitrary, { selector: ({ path }) => path, minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (photos, multi) => {
          const task: Task = multi ? 'multi-label' : 'single-label';
          const given = photos.map(({ labels, ...photo }) => ({
            ...Object.fromEntries(Object.entries(photo).filter(([, value]) => value !== undefined)),
            path: photo.path,
            // Where there may be several, ; stands between them.
            labels: multi ? labels.filter((label) => !label.includes(';')) : labels.slice(0, 1),
          }));
          const source = await projectOf(given, { task });
          const csv = exportLabels(source);
          expect(importLabels(source, csv)).toMatchObject({
            step: undefined,
            report: { matched: 0, unmatchedCount: 0 },
          });
          const target = await projectOf(given.map(bare), { task });
          const report = await take(target, csv);
          expect(report.unmatched).toEqual([]);
          expect(said(target)).toEqual(said(source));
          for (const project of open.splice(0)) await project.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has a line a photo, and a line a label where there are several', async () => {
    const project = await projectOf(
      [
        { path: 'b.jpg', labels: ['rust', 'mildew'], excluded: true },
        { path: 'a, b.jpg', labels: [], split: 'val', group: '7' },
        { path: '=1.jpg', labels: ['=1+1'] },
      ],
      { task: 'multi-label' },
    );
    expect(exportLabels(project)).toBe(
      'filename,label,split,group,target,excluded\r\n' +
        '=1.jpg,=1+1,,,,\r\n' +
        '"a, b.jpg",,val,7,,\r\n' +
        'b.jpg,rust,,,,yes\r\n' +
        'b.jpg,mildew,,,,yes\r\n',
    );
  });

  it('is taken as others write it: names without folders, other separators, new classes', async () => {
    const project = await projectOf(
      [bare({ path: 'one/a.jpg' }), bare({ path: 'two/B.JPG' }), bare({ path: 'two/c.jpg' })],
      {
        classes: ['rust'],
      },
    );
    const report = await take(
      project,
      'Datei;x\n'.replace('Datei;x', 'file;class') + 'a;rust\nC:\\old\\two\\b.jpg;Mehltau\nc.jpg;\n',
    );
    expect(report).toEqual({
      matched: 2,
      unchanged: 1,
      newClasses: ['Mehltau'],
      unmatched: [],
      unmatchedCount: 0,
    });
    expect(project.manifest.classes).toEqual(['rust', 'Mehltau']);
    expect(said(project).map(({ labels }) => labels)).toEqual([['rust'], ['Mehltau'], []]);
    expect(project.undoable.at(-1)?.description).toBe('Import labels of 2 photos');
    await project.undo();
    expect(project.manifest.classes).toEqual(['rust']);
    expect(said(project).map(({ labels }) => labels)).toEqual([[], [], []]);
  });

  it('never takes a label away by an empty cell', async () => {
    const project = await projectOf([{ path: 'a.jpg', labels: ['rust'], split: 'val' }]);
    expect(await take(project, 'filename,label,split\na.jpg,,\n')).toMatchObject({
      matched: 0,
      unchanged: 1,
    });
    expect(said(project)[0]).toMatchObject({ labels: ['rust'], split: 'val' });
  });

  it('is reported on, line by line, where it can not be used', async () => {
    const project = await projectOf([
      bare({ path: 'x/a.jpg' }),
      bare({ path: 'y/a.jpg' }),
      bare({ path: 'b.jpg' }),
    ]);
    const report = await take(
      project,
      'filename,label\nnone.jpg,rust\na.jpg,rust\nb.jpg,rust\nb.jpg,mildew\n',
    );
    expect(report).toEqual({
      matched: 1,
      unchanged: 0,
      newClasses: ['rust'],
      unmatched: [
        { line: 2, name: 'none.jpg', reason: 'no photo of this name' },
        { line: 3, name: 'a.jpg', reason: '2 photos have this name: give the path' },
        { line: 5, name: 'b.jpg', reason: 'an earlier line gives this photo the label "rust"' },
      ],
      unmatchedCount: 3,
    });
    const many = `filename,label\n${'gone.jpg,rust\n'.repeat(150)}`;
    const long = await take(project, many);
    expect([long.unmatched.length, long.unmatchedCount, long.newClasses]).toEqual([100, 150, []]);
    await expect(take(project, '')).rejects.toMatchObject({ code: 'bad-input' });
    await expect(take(project, 'a,b\n1,2\n')).rejects.toMatchObject({
      code: 'bad-input',
      message: /no column "filename"/,
    });
  });

  it('knows a photo by the places of its copies, too', async () => {
    const project = await projectOf([{ path: 'a.jpg', otherPaths: ['copies/b.jpg'], labels: [] }]);
    expect(await take(project, 'filename,label\ncopies/b.jpg,rust\na.jpg,rust\n')).toMatchObject({
      matched: 1,
    });
    expect(said(project)[0]?.labels).toEqual(['rust']);
  });

  it('brings numbers to a project that predicts them, and no classes', async () => {
    const project = await projectOf([bare({ path: 'a.jpg' })], { task: 'regression' });
    expect(await take(project, 'filename,target\na.jpg,3.25\n')).toMatchObject({ matched: 1 });
    expect(said(project)[0]?.target).toBe(3.25);
    expect(exportLabels(project)).toContain('a.jpg,,,,3.25,');
    expect((await take(project, 'filename,label\na.jpg,rust\n')).unmatched[0]?.reason).toContain(
      'predicts numbers',
    );
  });
});
