import { HolotypeError } from '../contract/errors.ts';
import { assetPatchSchema, assetSchema } from '../contract/project.ts';
import type { Asset, AssetChange, AssetPatch, ProjectManifest } from '../contract/project.ts';
import { parsedToSave } from './project-manifest.ts';

/** What to do to one photo: a whole asset is added (or replaced), a patch changes fields, null removes it. */
export interface RequestedChange {
  id: string;
  to: Asset | AssetPatch | null;
}

/**
 * Checks a change against the project and adds what it takes to undo it.
 *
 * @throws HolotypeError 'not-found' for a photo that isn't there, 'bad-input' for a label that is no class, more
 *   labels than the task allows, or a field that is not what it should be
 */
export function checkedChange(
  { id, to }: RequestedChange,
  manifest: ProjectManifest,
  assets: ReadonlyMap<string, Asset>,
): AssetChange {
  const asset = assets.get(id);
  if (to !== null && 'id' in to) {
    const after = parsedToSave(() => assetSchema.parse(to), `The photo "${id}"`);
    if (after.id !== id) throw new HolotypeError('failed', `The photo ${after.id} can't be added as ${id}.`);
    checkLabels(after.labels, manifest);
    return { id, before: asset ?? null, after };
  }
  if (asset === undefined)
    throw new HolotypeError('not-found', `The photo ${id} is not in the project.`, {
      remedy: 'Add it first.',
      details: { id },
    });
  if (to === null) return { id, before: asset, after: null };
  const after = parsedToSave(() => assetPatchSchema.parse(to), `The change of "${asset.path}"`);
  if (after.labels) checkLabels(after.labels, manifest);
  const before = Object.fromEntries(Object.keys(after).map((field) => [field, asset[field] ?? null]));
  return { id, before: assetPatchSchema.parse(before), after };
}

/**
 * Carries out one change on the assets.
 *
 * @returns what is wrong when it can't be: the asset it would change is not there
 */
export function applyChange(assets: Map<string, Asset>, { id, after }: AssetChange): string | undefined {
  if (after === null) {
    assets.delete(id);
    return undefined;
  }
  if ('id' in after) {
    assets.set(id, assetSchema.parse(after));
    return undefined;
  }
  const asset = assets.get(id);
  if (asset === undefined) return `it changes the photo ${id}, which is not in the project`;
  const merged = Object.entries({ ...asset, ...after });
  assets.set(
    id,
    assetSchema.parse(
      Object.fromEntries(merged.filter(([, value]) => value !== null && value !== undefined)),
    ),
  );
  return undefined;
}

/** The same change backwards. */
export function inverse({ id, before, after }: AssetChange): AssetChange {
  return { id, before: after, after: before };
}

function checkLabels(labels: readonly string[], { classes, task }: ProjectManifest): void {
  const unknown = labels.find((label) => !classes.includes(label));
  if (unknown !== undefined)
    throw new HolotypeError('bad-input', `There is no class "${unknown}" in this project.`, {
      remedy: `Use one of ${classes.map((name) => `"${name}"`).join(', ')}, or add the class.`,
    });
  if (task === 'single-label' && labels.length > 1)
    throw new HolotypeError('bad-input', `A photo has one label here, not ${labels.length}.`, {
      remedy: 'Choose one, or make this a multi-label project.',
    });
}
