#!/usr/bin/env node
// Starts the command line. In a source checkout the build is made (or made again, when a source
// file is newer) on the way, so that `npm ci` is all a person needs; a published package has dist/.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const stamp = new URL('dist/node/built', root);
const source = new URL('src', root);

/** Newest modification time (ms) of any file below a folder. */
function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) {
      time = Math.max(time, statSync(`${entry.parentPath ?? entry.path}/${entry.name}`).mtimeMs);
    }
  }
  return time;
}

if (existsSync(source)) {
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (newest(fileURLToPath(source)) > built) await import('../scripts/build.mjs');
}
await import('../dist/node/cli.mjs');
