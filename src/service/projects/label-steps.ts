import { HolotypeError } from '../../contract/errors.ts';
import type { Asset, AssetPatch, Task } from '../../contract/project.ts';
import type { Project, RequestedChange, Step } from '../../store/project.ts';

export type AssignMode = 'set' | 'add' | 'remove';

/**
 * Gives photos a label, or takes it (or all) from them. In a single-label project adding a label replaces the one a
 * photo has. Photos that are as they should be already are left alone.
 *
 * @param label null: takes all labels away, whatever the mode
 * @returns undefined when there is nothing to do
 * @throws HolotypeError 'bad-input' in a project that predicts numbers, 'not-found' for a photo that isn't there
 */
export function assignLabel(
  project: Project,
  photos: readonly string[],
  label: string | null,
  mode: AssignMode,
): Step | undefined {
  const { task } = project.manifest;
  if (task === 'regression')
    throw new HolotypeError('bad-input', `"${project.manifest.name}" predicts numbers, not classes.`, {
      remedy: 'Give photos their numbers one by one, or import them from a CSV file.',
    });
  const name = label?.normalize('NFC') ?? null;
  const after = (labels: readonly string[]): readonly string[] => {
    if (name === null) return [];
    if (mode === 'remove') return labels.filter((other) => other !== name);
    if (mode === 'set' || task === 'single-label') return [name];
    return labels.includes(name) ? labels : [...labels, name];
  };
  const changes = relabel(assetsOf(project, photos), after);
  if (changes.length === 0) return undefined;
  return { description: describeAssign(project, changes, name, mode), photos: changes };
}

/**
 * Gives photos the number to predict, or takes it from them.
 *
 * @param target null: takes it away
 * @returns undefined when there is nothing to do
 * @throws HolotypeError 'bad-input' in a project of classes, 'not-found' for a photo that isn't there
 */
export function setTarget(
  project: Project,
  photos: readonly string[],
  target: number | null,
): Step | undefined {
  const { task, name } = project.manifest;
  if (task !== 'regression')
    throw new HolotypeError('bad-input', `"${name}" tells classes apart, it predicts no numbers.`, {
      remedy: 'Say first that each photo has a number.',
    });
  const patch: AssetPatch = { target };
  const changes = assetsOf(project, photos)
    .filter((asset) => (asset.target ?? null) !== target)
    .map(({ id }) => ({ id, to: patch }));
  if (changes.length === 0) return undefined;
  const what = countOf(project, changes);
  return {
    description: target === null ? `Take the number from ${what}` : `Give ${what} the number ${target}`,
    photos: changes,
  };
}

/** Whether what is said of photos may be of another kind. @throws HolotypeError('bad-input') with the reason */
export function checkTask(project: Project, task: Task): void {
  if (task !== 'single-label') return;
  const several = [...project.assets.values()].filter(({ labels }) => labels.length > 1);
  const [first] = several;
  if (first === undefined) return;
  throw new HolotypeError(
    'bad-input',
    `${several.length === 1 ? 'A photo has' : `${several.length} photos have`} several labels, for example "${first.path}".`,
    { remedy: 'Leave each photo one label first.' },
  );
}

/** Leaves photos out of training, or takes them back in; undefined when they are as they should be. */
export function excludePhotos(
  project: Project,
  photos: readonly string[],
  excluded: boolean,
): Step | undefined {
  const patch: AssetPatch = { excluded: excluded ? true : null };
  const changes = assetsOf(project, photos)
    .filter((asset) => (asset.excluded === true) !== excluded)
    .map(({ id }) => ({ id, to: patch }));
  if (changes.length === 0) return undefined;
  const what = countOf(project, changes);
  return { description: excluded ? `Leave out ${what}` : `Take ${what} back in`, photos: changes };
}

/** Changes that make photos' labels others; photos with the same new labels share one patch. */
export function relabel(
  assets: Iterable<Asset>,
  after: (labels: readonly string[]) => readonly string[],
): RequestedChange[] {
  const patches = new Map<string, AssetPatch>();
  const changes: RequestedChange[] = [];
  for (const { id, labels } of assets) {
    const wanted = after(labels);
    if (wanted.length === labels.length && wanted.every((label, at) => label === labels[at])) continue;
    const key = JSON.stringify(wanted);
    let patch = patches.get(key);
    if (patch === undefined) {
      patch = { labels: [...wanted] };
      patches.set(key, patch);
    }
    changes.push({ id, to: patch });
  }
  return changes;
}

/** `12 photos`, or the name of the only one. */
export function countOf(project: Project, changes: readonly RequestedChange[]): string {
  const [only] = changes;
  if (changes.length !== 1 || only === undefined)
    return `${changes.length.toLocaleString('en')} ${changes.length === 1 ? 'photo' : 'photos'}`;
  const path = project.assets.get(only.id)?.path ?? '1 photo';
  return path.slice(path.lastIndexOf('/') + 1);
}

function describeAssign(
  project: Project,
  changes: readonly RequestedChange[],
  label: string | null,
  mode: AssignMode,
): string {
  const what = countOf(project, changes);
  if (label === null)
    return changes.length === 1 ? `Take the label from ${what}` : `Take labels from ${what}`;
  if (mode === 'remove') return `Take "${label}" from ${what}`;
  return mode === 'add' && project.manifest.task === 'multi-label'
    ? `Add "${label}" to ${what}`
    : `Label ${what} "${label}"`;
}

function assetsOf(project: Project, photos: readonly string[]): Asset[] {
  return [...new Set(photos)].map((id) => {
    const asset = project.assets.get(id);
    if (asset !== undefined) return asset;
    throw new HolotypeError('not-found', `A photo is not in the project "${project.manifest.name}".`, {
      remedy: 'Look through the folder again.',
      details: { photo: id },
    });
  });
}
