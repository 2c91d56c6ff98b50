import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, openProject, projectHolder } from '../../src/store/project.ts';
import type { Project } from '../../src/store/project.ts';
import { add, id, label } from './project-testing.ts';
import { scratchFolder } from './scratch.ts';

let scratch: string;
let folder: string;
const open: Project[] = [];

beforeEach(() => {
  scratch = scratchFolder();
  folder = join(scratch, 'leaves');
});

afterEach(async () => {
  for (const project of open.splice(0)) await project.close();
  rmSync(scratch, { recursive: true, force: true });
});

const keep = async (project: Promise<Project>): Promise<Project> => {
  open.push(await project);
  return project;
};

describe('taking a project over', () => {
  it('ends the writing of whoever had it', async () => {
    const first = await keep(createProject(folder, { name: 'Leaves', classes: ['rust'] }));
    await first.change('Add', [add(1)]);
    await expect(openProject(folder)).rejects.toMatchObject({
      code: 'busy',
      details: { holder: expect.stringContaining('this program') },
    });
    const second = await keep(openProject(folder, { takeOver: true }));
    expect([first.isOurs(), second.isOurs()]).toEqual([false, true]);
    for (const write of [
      () => first.change('Label', [label(1, 'rust')]),
      () => first.updateManifest({ name: 'x' }),
      () => first.compact(),
      () => first.undo(),
    ])
      await expect(write()).rejects.toMatchObject({ code: 'busy', message: /taken over by this program/ });
    await first.close(); // leaves the lock to its new owner
    expect(projectHolder(folder)).toContain('this program');
    await second.change('Label', [label(1, 'rust')]);
    await second.close();
    expect(projectHolder(folder)).toBeUndefined();
    const reader = await keep(openProject(folder, { readOnly: true }));
    expect(reader.isOurs()).toBe(false);
    expect(reader.assets.get(id(1))?.labels).toEqual(['rust']);
    expect(reader.manifest.name).toBe('Leaves');
  });

  it('takes a free project as opening it does', async () => {
    await (await createProject(folder, { name: 'Leaves' })).close();
    const before = Date.now();
    expect((await keep(openProject(folder, { takeOver: true }))).isOurs()).toBe(true);
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  it('loses nothing that another process was told is kept, though it goes on writing', async () => {
    await (await createProject(folder, { name: 'Leaves' })).close();
    const script = join(scratch, 'child.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('children/label-until-refused.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = once(child, 'exit');
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('going');
      const project = await keep(openProject(folder, { takeOver: true }));
      const told: unknown = JSON.parse(String((await lines.next()).value));
      expect(told).toMatchObject({ code: 'busy', ours: false });
      const confirmed = Object(told).confirmed as number;
      expect(confirmed).toBeGreaterThanOrEqual(120);
      expect(project.problems).toEqual([]);
      for (let n = 1; n <= confirmed; n += 1) expect(project.assets.has(id(n))).toBe(true);
      await project.change('Mine', [add(1_000_000)]);
      await gone;
      expect(project.isOurs()).toBe(true);
      await project.close();
      const again = await keep(openProject(folder, { readOnly: true }));
      expect(again.problems).toEqual([]);
      expect(again.assets.size).toBe(project.assets.size);
      expect(existsSync(join(folder, '.holotype.lock'))).toBe(false);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
