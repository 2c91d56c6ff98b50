#!/usr/bin/env node
// Starts the command line. In a source checkout the build is made (or made again, when a source
// file is newer) on the way, so that `npm ci` is all a person needs; a published package has dist/ and out/.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** Newest modification time (ms) of any of these files, or file in these folders. */
function newest(paths) {
  let time = 0;
  for (const path of paths.map((name) => fileURLToPath(new URL(name, root)))) {
    const inside = statSync(path).isDirectory()
      ? readdirSync(path, { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile())
          .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`)
      : [path];
    for (const file of inside) time = Math.max(time, statSync(file).mtimeMs);
  }
  return time;
}

/** When a build began (ms): it holds what was changed before. @param stamp the file with that time */
function built(stamp) {
  const path = new URL(stamp, root);
  return existsSync(path) ? Date.parse(readFileSync(path, 'utf8')) : 0;
}

if (existsSync(new URL('src', root))) {
  if (newest(['src', 'electron']) > built('dist/node/built')) await import('../scripts/build.mjs');
  const page = ['src/renderer', 'src/contract', 'electron.vite.config.ts', 'package-lock.json'];
  const serves =
    process.argv[2] === 'serve' && !process.argv.some((flag) => flag === '-h' || flag === '--help');
  if (serves && newest(page) > built('out/renderer/built')) await import('../scripts/build-renderer.mjs');
}
await import('../dist/node/cli.mjs');
