import { HolotypeError } from '../contract/errors.ts';
import { assetPatchSchema, assetSchema } from '../contract/project.ts';
import type { Asset, AssetChange, AssetPatch, ClassTable, Task } from '../contract/project.ts';
import { parsedToSave } from './project-manifest.ts';

/** What to do to one photo: a whole asset is added (or replaced), a patch changes fields, null removes it. */
export interface RequestedChange {
  readonly id: string;
  readonly to: Asset | AssetPatch | null;
}

/** What one step does, all or nothing. */
export interface Step {
  /** For the history: `Label 12 photos "rust"`. */
  readonly description: string;
  readonly photos?: readonly RequestedChange[];
  /** The classes as they shall be afterwards; one that photos still have stays all the same. */
  readonly classes?: ClassTable;
  /** Default: yes. What looking through the folder has found is no step of a person's. */
  readonly undoable?: boolean;
}

/** What changes are checked against. */
export interface ChangeContext {
  readonly classes: readonly string[];
  readonly task: Task;
  readonly assets: ReadonlyMap<string, Asset>;
}

/**
 * Checks changes against the project and adds what it takes to undo them. Photos that are changed alike should share
 * one patch: it is then looked at once.
 *
 * @throws HolotypeError 'not-found' for a photo that isn't there, 'bad-input' for a label that is no class, more
 *   labels than the task allows, or a field that is not what it should be
 */
export function checkedChanges(
  changes: readonly RequestedChange[],
  { classes, task, assets }: ChangeContext,
): AssetChange[] {
  const names = new Set(classes);
  const patches = new Map<AssetPatch, { patch: AssetPatch; fields: readonly string[] }>();
  const befores = new Map<readonly string[], AssetPatch>();
  const check = (labels: readonly string[]): void => checkLabels(labels, names, task);
  return changes.map(({ id, to }) => {
    const asset = assets.get(id);
    if (to !== null && 'id' in to) {
      const after = parsedToSave(() => assetSchema.parse(to), `The photo "${id}"`);
      if (after.id !== id)
        throw new HolotypeError('failed', `The photo ${after.id} can't be added as ${id}.`);
      check(after.labels);
      return { id, before: asset ?? null, after };
    }
    if (asset === undefined)
      throw new HolotypeError('not-found', `The photo ${id} is not in the project.`, {
        remedy: 'Look through the folder again.',
        details: { id },
      });
    if (to === null) return { id, before: asset, after: null };
    let known = patches.get(to);
    if (known === undefined) {
      const patch = parsedToSave(() => assetPatchSchema.parse(to), `The change of "${asset.path}"`);
      if (patch.labels) check(patch.labels);
      known = { patch, fields: Object.keys(patch) };
      patches.set(to, known);
    }
    return { id: asset.id, before: presentFields(asset, known.fields, befores), after: known.patch };
  });
}

/** What a patch of these fields would change; photos with the very same labels share it, to save memory. */
function presentFields(
  asset: Asset,
  fields: readonly string[],
  known: Map<readonly string[], AssetPatch>,
): AssetPatch {
  const onlyLabels = fields.length === 1 && fields[0] === 'labels';
  const shared = onlyLabels ? known.get(asset.labels) : undefined;
  if (shared !== undefined) return shared;
  const before: Record<string, unknown> = {};
  for (const field of fields) before[field] = asset[field] ?? null;
  if (onlyLabels) known.set(asset.labels, before);
  return before;
}

/**
 * Carries out one change on the assets. Both are of the right form by now: what comes of them is, too.
 *
 * @returns what is wrong when it can't be: the asset it would change is not there
 */
export function applyChange(assets: Map<string, Asset>, { id, after }: AssetChange): string | undefined {
  if (after === null) {
    assets.delete(id);
    return undefined;
  }
  if (isAsset(after)) {
    assets.set(id, after);
    return undefined;
  }
  const asset = assets.get(id);
  if (asset === undefined) return `it changes the photo ${id}, which is not in the project`;
  assets.set(id, patched(asset, after));
  return undefined;
}

/** The same change backwards. */
export function inverse({ id, before, after }: AssetChange): AssetChange {
  return { id, before: after, after: before };
}

/** Labels that the changes leave photos with. */
export function labelsGiven(changes: readonly AssetChange[]): Set<string> {
  return new Set(changes.flatMap(({ after }) => after?.labels ?? []));
}

function patched(asset: Asset, patch: AssetPatch): Asset {
  const merged: Asset = { ...asset };
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete merged[field];
    else merged[field] = value;
  }
  return merged;
}

const isAsset = (value: Asset | AssetPatch): value is Asset => 'id' in value;

function checkLabels(labels: readonly string[], classes: ReadonlySet<string>, task: Task): void {
  const unknown = labels.find((label) => !classes.has(label));
  if (unknown !== undefined)
    throw new HolotypeError('bad-input', `There is no class "${unknown}" in this project.`, {
      remedy:
        classes.size === 0
          ? 'Add the class first.'
          : `Use one of ${[...classes].map((name) => `"${name}"`).join(', ')}, or add the class.`,
    });
  if (task === 'single-label' && labels.length > 1)
    throw new HolotypeError('bad-input', `A photo has one label here, not ${labels.length}.`, {
      remedy: 'Choose one, or make this a multi-label project.',
    });
}
