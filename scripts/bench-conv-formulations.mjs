// Measures formulations of convolutions on ONNX Runtime: see test/bench/conv-formulations/main.ts.
import { build } from 'esbuild';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = `${root}test-results/bench-conv-formulations.mjs`;
mkdirSync(`${root}test-results`, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['test/bench/conv-formulations/main.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
await import(outfile);
