import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Licence } from '../contract/app.ts';
import { ownFolder } from './versions.ts';

const packageSchema = z.object({
  name: z.string(),
  version: z.string().default(''),
  license: z.unknown().optional(),
  licenses: z.unknown().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});
type Package = z.infer<typeof packageSchema>;

const licenceFile = /^(?:licen[cs]e|copying)(?:[.-][\w.-]+)?$/i;

/**
 * The software of others that runs in Holotype: all that its package.json asks for to run, and what that asks for in
 * turn, as far as it is installed; sorted by name.
 *
 * @param folder Holotype's own
 */
export async function readLicences(folder: string | undefined = ownFolder()): Promise<Licence[]> {
  const own = folder === undefined ? undefined : await readPackage(folder);
  if (folder === undefined || own === undefined) return [];
  const found = new Map<string, Licence>();
  await visit(folder, own, found);
  return [...found.values()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version),
  );
}

async function visit(
  folder: string,
  { dependencies, optionalDependencies }: Package,
  found: Map<string, Licence>,
) {
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const place = await resolvePackage(folder, name);
    // Optional ones are there on the system they are for.
    if (place === undefined) continue;
    const key = `${place.about.name}@${place.about.version}`;
    if (found.has(key)) continue;
    const text = await readText(place.folder);
    found.set(key, {
      name: place.about.name,
      version: place.about.version,
      licence: spdxOf(place.about),
      ...(text === undefined ? {} : { text }),
    });
    await visit(place.folder, place.about, found);
  }
}

/** As Node looks for packages: in node_modules here, then in those of the folders above. */
async function resolvePackage(
  from: string,
  name: string,
): Promise<{ folder: string; about: Package } | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    const about = await readPackage(candidate);
    if (about !== undefined) return { folder: candidate, about };
    if (folder === dirname(folder)) return undefined;
  }
}

async function readPackage(folder: string): Promise<Package | undefined> {
  try {
    return packageSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Old packages write `{type}` or a list of such. */
function spdxOf({ license, licenses }: Package): string {
  const names = [license, licenses].flat().map((value: unknown) => {
    if (typeof value === 'string') return value;
    return typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : undefined;
  });
  return names.filter((name) => name !== undefined).join(' OR ') || 'not stated';
}

async function readText(folder: string): Promise<string | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => licenceFile.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  const text = texts.join('\n\n').trim();
  return text === '' ? undefined : text;
}
