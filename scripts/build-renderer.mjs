// Builds the window's page alone into out/renderer, for `holotype serve` in a source checkout. The page appears
// as a whole: whoever serves the old one, or builds at the same time, never meets half of a new one.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { build, loadConfigFromFile } from 'vite';
import { root } from './esbuild-options.mjs';

const started = new Date().toISOString();
const outDir = `${root}out/renderer`;
const made = `${outDir}-${process.pid}`;

// Whatever this process runs as (tests run as 'test'): the page is React's production build, which is half as large and
// several times as fast.
const environment = process.env.NODE_ENV;
process.env.NODE_ENV = 'production';

const loaded = await loadConfigFromFile(
  { command: 'build', mode: 'production' },
  `${root}electron.vite.config.ts`,
);
const renderer = loaded.config.renderer;
try {
  await build({
    ...renderer,
    configFile: false,
    base: './',
    logLevel: 'error',
    build: { ...renderer.build, outDir: made, emptyOutDir: true },
  });
  writeFileSync(`${made}/built`, started);
  const old = `${made}-old`;
  try {
    renameSync(outDir, old);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // there is none yet
  }
  try {
    renameSync(made, outDir);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // somebody else has built the same
  }
  rmSync(old, { recursive: true, force: true });
} finally {
  rmSync(made, { recursive: true, force: true });
  if (environment === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = environment;
}
