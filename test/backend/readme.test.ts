import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nativeKernels } from '../../src/backend/register.ts';

const readme = readFileSync(new URL('../../src/backend/README.md', import.meta.url), 'utf8');

test('the readme lists the kernels that have an ONNX form, and no other', () => {
  const section = readme.slice(readme.indexOf('## Kernels'), readme.indexOf('## Adding a kernel'));
  const listed = section
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .flatMap((line) => line.slice(line.indexOf(':') + 1).match(/[A-Za-z0-9_]+/g) ?? []);
  expect(listed.sort()).toEqual(nativeKernels);
});
