import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf } from './imports.ts';
import { folderCycles, importViolations, lengthViolations, maxLines, type SourceFile } from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of src/ that may be longer than the rest, and why. */
const longFiles: Record<string, string> = {};

async function readHouse(): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const top of ['src', 'electron']) {
    for (const entry of await readdir(join(root, top), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !/\.[cm]?tsx?$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      files.push({ path: relative(root, path).split(sep).join('/'), source: await readFile(path, 'utf8') });
    }
  }
  return files;
}

async function readDependencies(): Promise<Set<string>> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(text) as Record<
    string,
    Record<string, string>
  >;
  // electron is the runtime the app is packaged with; nothing else of the development tools may be used.
  const runtime = Object.keys(devDependencies ?? {}).filter((name) => name === 'electron');
  return new Set([...Object.keys({ ...dependencies, ...peerDependencies }), ...runtime]);
}

const house = await readHouse();
const dependencies = await readDependencies();

describe('the house', () => {
  it('has files in it', () => {
    expect(house.length).toBeGreaterThan(50);
    for (const file of ['src/contract/errors.ts', 'electron/main/index.ts', 'src/renderer/screens/app.tsx']) {
      expect(house.map(({ path }) => path)).toContain(file);
    }
  });
  it('keeps to who may import whom', () => {
    expect(importViolations(house, dependencies)).toEqual([]);
  });
  it('has no folders that import each other in a circle', () => {
    expect(folderCycles(house)).toEqual([]);
  });
  it(`has no file of more than ${maxLines} lines`, () => {
    expect(lengthViolations(house, longFiles)).toEqual([]);
  });
});

/** What is wrong with one file of these contents. */
function check(path: string, source: string): string[] {
  return importViolations([{ path, source }], dependencies);
}

describe('who may import whom: caught', () => {
  it.each([
    ['the contract, anything but zod', 'src/contract/a.ts', `import React from 'react';`],
    ['the contract, another part', 'src/contract/a.ts', `import { x } from '../store/x.ts';`],
    ['the contract, Node', 'src/contract/a.ts', `import { join } from 'node:path';`],
    ['the backend, the contract', 'src/backend/a.ts', `import { x } from '../contract/errors.ts';`],
    ['the backend, another package', 'src/backend/a.ts', `import sharp from 'sharp';`],
    ['the engine, files', 'src/engine/data/a.ts', `import { readFile } from 'node:fs/promises';`],
    ['the engine, files without the prefix', 'src/engine/data/a.ts', `import fs from 'fs';`],
    ['the engine, processes', 'src/engine/a.ts', `import { spawn } from 'node:child_process';`],
    ['the engine, a way around', 'src/engine/a.ts', `import { createRequire } from 'node:module';`],
    ['the engine, the network', 'src/engine/a.ts', `import { get } from 'node:https';`],
    ['the engine, the store', 'src/engine/a.ts', `import { x } from '../store/atomic.ts';`],
    ['the engine, the service', 'src/engine/train/a.ts', `import { x } from '../../service/service.ts';`],
    ['the engine, electron', 'src/engine/a.ts', `import { app } from 'electron';`],
    ['the store, the engine', 'src/store/a.ts', `import { x } from '../engine/graph/graph.ts';`],
    ['the store, TensorFlow', 'src/store/a.ts', `import * as tf from '@tensorflow/tfjs-core';`],
    ['the service, files', 'src/service/a.ts', `import { existsSync } from 'node:fs';`],
    ['the service, a host', 'src/service/a.ts', `import { x } from '../hosts/cli/main.ts';`],
    ['the service, electron', 'src/service/a.ts', `import { app } from 'electron';`],
    ['a host, the engine', 'src/hosts/cli/a.ts', `import { x } from '../../engine/graph/graph.ts';`],
    ['a host, the store', 'src/hosts/cli/a.ts', `import { x } from '../../store/atomic.ts';`],
    ['a host, electron', 'src/hosts/web/a.ts', `import { app } from 'electron';`],
    ['electron, the store', 'electron/main/a.ts', `import { x } from '../../src/store/atomic.ts';`],
    ['electron, the renderer', 'electron/main/a.ts', `import { x } from '../../src/renderer/main.tsx';`],
    ['electron, files', 'electron/main/a.ts', `import { readFileSync } from 'fs';`],
    ['the renderer, the service', 'src/renderer/a.tsx', `import { x } from '../service/service.ts';`],
    ['the renderer, Node', 'src/renderer/a.tsx', `import { join } from 'node:path';`],
    ['the renderer, electron', 'src/renderer/a.tsx', `import { ipcRenderer } from 'electron';`],
    ['the renderer, the shell', 'src/renderer/a.tsx', `import { x } from '../../electron/preload/index.ts';`],
  ])('%s', (_who, path, source) => {
    expect(check(path, source)).toHaveLength(1);
  });

  it.each([
    ['a type', `import type { x } from '../store/x.ts';`],
    ['a type among values', `import { type x } from '../store/x.ts';`],
    ['for its effects', `import '../store/x.ts';`],
    ['a re-export', `export { x } from '../store/x.ts';`],
    ['a re-exported type', `export type { x } from '../store/x.ts';`],
    ['a re-export of everything', `export * from '../store/x.ts';`],
    ['a namespace re-export', `export * as x from '../store/x.ts';`],
    ['a dynamic import', `const x = await import('../store/x.ts');`],
    ['a dynamic import in backquotes', 'const x = await import(`../store/x.ts`);'],
    ['an import type', `let x: import('../store/x.ts').X;`],
    ['typeof import', `let x: typeof import('../store/x.ts');`],
    ['import = require', `import x = require('../store/x.ts');`],
    ['require', `const x = require('../store/x.ts');`],
    ["a module's own require", `const x = module.require('../store/x.ts');`],
    ['a detour', `import { x } from '../engine/../store/x.ts';`],
  ])('written as %s', (_how, source) => {
    expect(check('src/engine/a.ts', source)).toEqual([
      'src/engine/a.ts:1 imports store, which engine may not.',
    ]);
  });

  it.each([
    ['computed names', 'src/engine/a.ts', 'const x = await import(name);', /computed/],
    ['built-in modules asked of the process', 'src/engine/a.ts', `process.getBuiltinModule('fs');`, /"fs"/],
    [
      'packages nobody asked for',
      'src/backend/a.ts',
      `import { InferenceSession } from 'onnxruntime-web';`,
      /package.json doesn't/,
    ],
    ['absolute paths', 'src/engine/a.ts', `import x from '/etc/x.js';`, /absolute/],
    ['what is outside', 'src/engine/a.ts', `import x from '../../test/x.ts';`, /no part/],
    ['what is outside the repository', 'src/store/a.ts', `import x from '../../../x.json';`, /no part/],
    ['missing extensions', 'src/engine/a.ts', `import { x } from './b';`, /extension/],
    ['styles outside the renderer', 'src/service/a.ts', `import './a.css';`, /extension/],
    ['files outside every part', 'src/stray.ts', '', /no part/],
    ['files in a new part without a rule', 'src/plugins/a.ts', '', /no part/],
  ])('%s', (_what, path, source, why) => {
    const violations = check(path, source);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(why);
  });

  it('names the line', () => {
    expect(check('src/contract/a.ts', `import { z } from 'zod';\n\nimport 'react';\n`)[0]).toContain(
      'a.ts:3 ',
    );
  });
});

describe('who may import whom: allowed', () => {
  it.each([
    ['src/contract/a.ts', `import { z } from 'zod'; export * from './b.ts';`],
    ['src/backend/a.ts', `import '@tensorflow/tfjs-core'; import 'onnxruntime-node';`],
    [
      'src/engine/data/a.ts',
      `import '../../contract/a.ts'; import '../../backend/a.ts'; import 'node:crypto';`,
    ],
    [
      'src/engine/a.ts',
      `import '@tensorflow/tfjs-layers/dist/x.js'; import 'sharp'; import 'csv-parse/sync';`,
    ],
    ['src/store/a.ts', `import '../contract/a.ts'; import 'node:fs'; import 'node:child_process';`],
    ['src/service/a.ts', `import '../contract/a.ts'; import '../engine/a.ts'; import '../store/a.ts';`],
    ['src/hosts/cli/a.ts', `import '../../service/a.ts'; import 'commander'; import 'node:fs';`],
    [
      'electron/main/a.ts',
      `import 'electron'; import '../../src/service/a.ts'; import '../../package.json';`,
    ],
    [
      'src/renderer/a.tsx',
      `import 'react'; import 'zustand/vanilla'; import './a.css'; import '../contract/a.ts';`,
    ],
    ['src/engine/a.ts', `// import 'node:fs';\nconst text = "import x from 'node:fs'";`],
  ])('%s', (path, source) => {
    expect(check(path, source)).toEqual([]);
  });
});

describe('reading imports', () => {
  it('tells types from values', () => {
    const source = `import type { a } from './a.ts';\nimport { b } from './b.ts';\nlet c: import('./c.ts').C;`;
    expect(importsOf('x.ts', source)).toEqual([
      { specifier: './a.ts', line: 1, typeOnly: true },
      { specifier: './b.ts', line: 2, typeOnly: false },
      { specifier: './c.ts', line: 3, typeOnly: true },
    ]);
  });
  it('refuses a file that does not parse rather than passing it over', () => {
    expect(() => importsOf('x.ts', 'import { from')).toThrow(/x\.ts/);
  });
  it('reads JSX', () => {
    expect(importsOf('x.tsx', `import a from './a.ts'; const b = <p>import('c')</p>;`)).toHaveLength(1);
  });
});

describe('circles: caught', () => {
  const file = (path: string, ...imports: string[]): SourceFile => ({
    path,
    source: imports.map((to) => `import type { x } from '${to}';`).join('\n'),
  });

  it('between two folders', () => {
    const files = [
      file('src/engine/graph/a.ts', '../data/b.ts'),
      file('src/engine/data/c.ts', '../graph/d.ts'),
    ];
    expect(folderCycles(files)).toEqual([['src/engine/data', 'src/engine/graph']]);
  });
  it('among three, with a folder outside the circle left out', () => {
    const files = [
      file('src/engine/a/x.ts', '../b/x.ts'),
      file('src/engine/b/deeper/x.ts', '../../c/x.ts'),
      file('src/engine/c/x.ts', '../a/x.ts'),
      file('src/engine/d/x.ts', '../a/x.ts'),
    ];
    expect(folderCycles(files)).toEqual([['src/engine/a', 'src/engine/b', 'src/engine/c']]);
  });
  it('not within one folder or along one way', () => {
    const files = [
      file('src/engine/a/x.ts', './y.ts', '../b/x.ts'),
      file('src/engine/a/y.ts', './x.ts', './deeper/z.ts'),
      file('src/engine/a/deeper/z.ts', '../x.ts'),
      file('src/engine/b/x.ts', '../../contract/x.ts'),
    ];
    expect(folderCycles(files)).toEqual([]);
  });
});

describe('long files: caught', () => {
  const lines = (count: number): string => 'x;\n'.repeat(count);
  it('over the limit, in src only', () => {
    const files = [
      { path: 'src/engine/long.ts', source: lines(maxLines + 1) },
      { path: 'src/engine/fits.ts', source: lines(maxLines) },
      { path: 'electron/main/long.ts', source: lines(maxLines + 1) },
    ];
    expect(lengthViolations(files, {})).toEqual([
      expect.stringContaining('src/engine/long.ts has 401 lines'),
    ]);
    expect(lengthViolations(files, { 'src/engine/long.ts': 'a table' })).toEqual([]);
  });
  it('exceptions that are not needed any more', () => {
    const files = [{ path: 'src/engine/fits.ts', source: lines(10) }];
    expect(
      lengthViolations(files, { 'src/engine/fits.ts': 'was long', 'src/gone.ts': 'was there' }),
    ).toHaveLength(2);
  });
});
