import { homedir } from 'node:os';
import { sep } from 'node:path';

/** `~/Projects/leaves` instead of `/home/ada/Projects/leaves`: shorter, and no name in screenshots. */
export function shortPath(path: string, home = homedir()): string {
  return path === home || path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
