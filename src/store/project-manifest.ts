import { HolotypeError } from '../contract/errors.ts';
import { projectFormat, projectFormatVersion, projectManifestSchema } from '../contract/project.ts';
import type { ProjectManifest } from '../contract/project.ts';
import { describeIssues } from './atomic.ts';
import { upgrader } from './project-migrations.ts';

export const manifestName = 'holotype.json';

/** What may be changed in a manifest other than by a step. */
export type ManifestPatch = Partial<
  Pick<ProjectManifest, 'name' | 'task' | 'classes' | 'settings' | 'photoFolder' | 'scannedAt'>
>;

/**
 * holotype.json as read from the disk, upgraded to the present version.
 *
 * @returns the manifest, and the version it had
 * @throws HolotypeError 'bad-input' for a holotype.json that is not a project's (saved models have one too),
 *   'not-supported' for one of a newer version
 */
export function parseManifest(value: unknown): { version: number; manifest: ProjectManifest } {
  const fields: { [field: string]: unknown } = { ...(typeof value === 'object' ? value : {}) };
  const { format, formatVersion } = fields;
  if (format !== projectFormat)
    throw new HolotypeError('bad-input', `This ${manifestName} does not belong to a project.`, {
      remedy: 'Open the folder of a project; for a trained model use predict or evaluate.',
    });
  if (typeof formatVersion !== 'number' || !Number.isSafeInteger(formatVersion))
    throw new TypeError('formatVersion: not a whole number');
  const upgraded = upgrader('manifest', formatVersion, projectFormatVersion)(value);
  return { version: formatVersion, manifest: projectManifestSchema.parse(upgraded) };
}

/** @throws HolotypeError('bad-input') naming the field that is wrong */
export function checkedManifest(manifest: ProjectManifest): ProjectManifest {
  return parsedToSave(() => projectManifestSchema.parse(manifest), 'The project');
}

/** Runs a schema on something that is about to be saved, with its complaint put into words. */
export function parsedToSave<T>(parse: () => T, what: string): T {
  try {
    return parse();
  } catch (error) {
    throw new HolotypeError('bad-input', `${what} can't be saved: ${describeIssues(error)}.`, {
      cause: error,
    });
  }
}
