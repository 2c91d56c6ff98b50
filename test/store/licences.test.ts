import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { licenceSchema } from '../../src/contract/app.ts';
import { readLicences } from '../../src/store/licences.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function add(path: string, about: object, files: Record<string, string> = {}): void {
  const place = join(folder, path);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), JSON.stringify(about));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
}

describe('licences', () => {
  it('are those of all that is needed to run, also indirectly, wherever it lies', async () => {
    add('', { name: 'holotype', dependencies: { b: '1', a: '1' }, devDependencies: { tool: '1' } });
    add(
      'node_modules/a',
      { name: 'a', version: '1.0.0', license: 'MIT', dependencies: { c: '2' } },
      { LICENSE: 'Do as you like.' },
    );
    add(
      'node_modules/a/node_modules/c',
      { name: 'c', version: '2.0.0', license: { type: 'ISC' } },
      { 'LICENSE.md': 'ISC text', 'LICENSE-THIRD-PARTY.txt': 'more' },
    );
    add('node_modules/c', { name: 'c', version: '1.0.0', license: 'unused' });
    add('node_modules/b', {
      name: 'b',
      version: '3.0.0',
      licenses: [{ type: 'MIT' }, { type: 'Apache-2.0' }],
      optionalDependencies: { missing: '1' },
      dependencies: { a: '1' },
    });
    add('node_modules/tool', { name: 'tool', version: '1.0.0' });
    expect(await readLicences(folder)).toEqual([
      { name: 'a', version: '1.0.0', licence: 'MIT', text: 'Do as you like.' },
      { name: 'b', version: '3.0.0', licence: 'MIT OR Apache-2.0' },
      { name: 'c', version: '2.0.0', licence: 'ISC', text: 'more\n\nISC text' },
    ]);
  });

  it('of Holotype itself name what it is made of', async () => {
    const licences = licenceSchema.array().parse(await readLicences());
    const names = licences.map(({ name }) => name);
    for (const name of ['react', 'onnxruntime-node', '@tensorflow/tfjs-core', 'sharp', 'zod'])
      expect(names).toContain(name);
    expect(names).not.toContain('vitest');
    expect(licences.filter(({ licence }) => licence === 'not stated').map(({ name }) => name)).toEqual([]);
    expect(licences.filter(({ text }) => text !== undefined).length / licences.length).toBeGreaterThan(0.8);
  });

  it('are none where there is no package', async () => {
    expect(await readLicences(join(folder, 'nothing'))).toEqual([]);
  });
});
