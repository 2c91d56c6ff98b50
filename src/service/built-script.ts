import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists } from '../store/folders.ts';

/**
 * A program of this build that runs in a process of its own: beside this file in the command line's build, in
 * dist/node for the app and the tests.
 *
 * @returns its path, or undefined where the build lacks it
 */
export async function builtScript(name: string): Promise<string | undefined> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (; folder !== dirname(folder); folder = dirname(folder))
    for (const path of [name, join('dist', 'node', name)])
      if (await exists(join(folder, path))) return join(folder, path);
  return undefined;
}
