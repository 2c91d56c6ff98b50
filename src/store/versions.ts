import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const packageSchema = z.object({ name: z.string().optional(), version: z.string().optional() });

/** Versions of this software and of what computes for it, for reports and saved models. */
export function softwareVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const versions: Record<string, string> = { holotype: ownVersion(), node: process.versions.node };
  for (const name of ['onnxruntime-node', '@tensorflow/tfjs-core', 'sharp']) {
    try {
      versions[name] = versionIn(packageFolder(require.resolve(name), name)) ?? 'unknown';
    } catch {
      versions[name] = 'missing';
    }
  }
  return versions;
}

/** Holotype's own version. */
export function ownVersion(): string {
  return versionIn(ownFolder()) ?? 'unknown';
}

/** The folder Holotype is in: that of its package.json; undefined where there is none. */
export function ownFolder(): string | undefined {
  return packageFolder(fileURLToPath(import.meta.url), 'holotype');
}

/** The folder above `start` whose package.json has that name. */
function packageFolder(start: string, name: string): string | undefined {
  for (let folder = dirname(start); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && packageSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).name === name)
      return folder;
  }
  return undefined;
}

function versionIn(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  return packageSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).version;
}
