// Measures the grid of photos in a browser, with the real web host and synthetic photos:
//   node scripts/bench-grid.mjs [--json] [--photos 50000] [--seconds 8]
// Needs Chromium. Vite runs the TypeScript, for the fake engine reads files beside its own source.
import { runnerImport } from 'vite';
import { root } from './esbuild-options.mjs';

// React as it is shipped: the page is built while this runs.
process.env.NODE_ENV = 'production';
const { module } = await runnerImport(`${root}test/bench/grid/main.ts`, { configFile: false, root });
process.exitCode = await module.main(process.argv.slice(2), root);
