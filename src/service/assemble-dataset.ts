import { classesOf, displayPath } from '../contract/dataset.ts';
import type {
  Conflict,
  Dataset,
  Photo,
  Skipped,
  Split,
  UnlabeledPhoto,
  Warning,
} from '../contract/dataset.ts';
import { HolotypeError } from '../contract/errors.ts';
import type { Task } from '../contract/project.ts';
import { answersOf } from '../engine/data/answers.ts';
import { labelNamesOf } from '../engine/data/label-names.ts';
import type { LabelledItem } from '../engine/data/layout.ts';
import type { ContentFacts } from '../store/facts-cache.ts';

/** A file, what is said of it, and what it turned out to be; without an id it could not even be read. */
export interface ReadItem extends LabelledItem {
  root: number;
  bytes: number;
  id?: string;
  facts: ContentFacts;
}

export interface AssembleInput {
  /** Absolute. */
  roots: string[];
  items: readonly ReadItem[];
  skipped: readonly Skipped[];
  warnings: readonly Warning[];
  conflicts: 'exclude' | 'keep';
  minClasses: number;
  task: Task;
}

interface Readable extends UnlabeledPhoto {
  /** Absent: nobody labelled it; empty: it is said to show none of the classes. */
  labelNames?: readonly string[];
}

/**
 * Makes the dataset of everything that was found out: sorts out what can't be used, copies and contradictions, and
 * names the classes.
 *
 * @throws HolotypeError('bad-input') when too little is left, or val and test have classes that train has not
 */
export function assembleDataset(input: AssembleInput): Dataset {
  const { roots } = input;
  const skipped = [...input.skipped];
  const warnings = [...input.warnings];
  const readable: Readable[] = [];
  const { task } = input;
  const labelsSeen = new Set<string>();
  for (const { item, labelNames } of labelledItems(input.items, task)) {
    for (const name of labelNames ?? []) labelsSeen.add(name);
    const { path, root, id, facts, bytes, split, group, target } = item;
    if ('code' in facts) {
      skipped.push({ path: displayPath(roots, item), reason: facts.reason, code: facts.code });
    } else if (id !== undefined) {
      const { colors: _colors, ...known } = facts;
      readable.push({
        id,
        path,
        root,
        bytes,
        ...known,
        ...(split === undefined ? {} : { split }),
        ...(group === undefined ? {} : { group }),
        ...(target === undefined ? {} : { target }),
        ...(labelNames === undefined ? {} : { labelNames }),
      });
    }
  }

  const { conflicts, exactDuplicates } = compareCopies(readable, roots, task);
  const contradictory = new Set(conflicts.map((conflict) => conflict.id));
  const exclude = input.conflicts === 'exclude';
  const used: Readable[] = [];
  for (const photo of readable) {
    if (exclude && said(photo, task) !== undefined && contradictory.has(photo.id)) {
      const reason = 'the same photo lies under another label, too';
      skipped.push({ path: displayPath(roots, photo), reason, code: 'conflict' });
    } else used.push(photo);
  }

  const classes = [...new Set(used.flatMap((photo) => photo.labelNames ?? []))].sort();
  const labels = new Map(classes.map((name, index) => [name, index]));
  const answers = answersOf(used, classes, task);
  const photos: Photo[] = [];
  const unlabeled: UnlabeledPhoto[] = [];
  used.forEach(({ labelNames: _names, ...photo }, index) => {
    const answer = answers[index];
    if (answer === undefined) unlabeled.push(photo);
    else photos.push({ ...photo, ...answer });
  });

  checkEnough(input, { photos, unlabeled, classes, skipped });
  // A folder of notes is no class that lost its photos: only one where something looked like a photo is told of.
  const lost = [...labelsSeen].filter((name) => !labels.has(name)).sort();
  for (const name of lost) {
    warnings.push({
      code: 'class-lost',
      message: `No photo of "${name}" can be used: the class is left out.`,
    });
  }
  if (unlabeled.length > 0 && photos.length > 0) {
    const what = task === 'regression' ? 'number' : 'label';
    const message =
      unlabeled.length === 1
        ? `One photo has no ${what} and is not used for training.`
        : `${unlabeled.length} photos have no ${what} and are not used for training.`;
    warnings.push({ code: 'unlabeled', message });
  }
  if (conflicts.length > 0) {
    const what = exclude ? 'They are left out' : 'They are used under each of them';
    const message = `${conflicts.length} ${conflicts.length === 1 ? 'photo lies' : 'photos lie'} under more than one label. ${what}.`;
    warnings.push({ code: 'conflicts', message });
  }
  if (task !== 'regression') warnings.push(...checkSplits(photos, classes));
  return { roots, classes, photos, skipped, conflicts, exactDuplicates, warnings, unlabeled };
}

/** What is said of a photo, as one text that others can be compared with; undefined where nothing is. */
function said({ labelNames, target }: Readable, task: Task): string | undefined {
  return task === 'regression' ? target?.toString() : labelNames?.join('; ');
}

/** Each file with its labels; with several labels a photo, a table may also name a file in several lines. */
function labelledItems(
  items: readonly ReadItem[],
  task: Task,
): { item: ReadItem; labelNames: readonly string[] | undefined }[] {
  if (task === 'regression') return items.map((item) => ({ item, labelNames: undefined }));
  const found: { item: ReadItem; labelNames: readonly string[] | undefined }[] = [];
  const places = new Map<string, number>();
  for (const item of items) {
    const labelNames = labelNamesOf(item.label, task);
    const key = `${item.root} ${item.path}`;
    const place = task === 'multi-label' ? places.get(key) : undefined;
    const known = place === undefined ? undefined : found[place];
    if (place === undefined || known === undefined) {
      places.set(key, found.length);
      found.push({ item, labelNames });
    } else if (labelNames !== undefined)
      found[place] = { item, labelNames: [...new Set([...(known.labelNames ?? []), ...labelNames])].sort() };
  }
  return found;
}

/** Photos of the same content: copies where they agree on the label, contradictions where they don't. */
function compareCopies(
  readable: readonly Readable[],
  roots: readonly string[],
  task: Task,
): { conflicts: Conflict[]; exactDuplicates: string[][] } {
  const byId = new Map<string, Readable[]>();
  for (const photo of readable) {
    const copies = byId.get(photo.id);
    if (copies === undefined) byId.set(photo.id, [photo]);
    else copies.push(photo);
  }
  const conflicts: Conflict[] = [];
  const exactDuplicates: string[][] = [];
  for (const [id, copies] of byId) {
    if (copies.length < 2) continue;
    const labelled = copies.filter((copy) => said(copy, task) !== undefined);
    if (new Set(labelled.map((copy) => said(copy, task))).size > 1) {
      conflicts.push({
        id,
        paths: labelled.map((copy) => displayPath(roots, copy)),
        labels: labelled.map((copy) => said(copy, task) ?? ''),
      });
    } else exactDuplicates.push(copies.map((copy) => displayPath(roots, copy)));
  }
  return { conflicts, exactDuplicates };
}

function checkEnough(
  { roots, minClasses, task }: AssembleInput,
  found: Pick<Dataset, 'photos' | 'unlabeled' | 'classes' | 'skipped'>,
): void {
  const folder = roots[0] ?? '';
  const { photos, unlabeled, classes, skipped } = found;
  const details = { skipped: skipped.slice(0, 100) };
  const remedy =
    task === 'regression'
      ? 'Give a table with --labels FILE.csv, with a column "filename" and a column "target" of numbers.'
      : task === 'multi-label'
        ? 'Give a table with --labels FILE.csv, with columns "filename" and "label", several labels with ; between them.'
        : 'Put the photos of each class into a folder of its own, or list them with --labels FILE.csv.';
  if (photos.length + unlabeled.length === 0) {
    const first = skipped[0];
    const message =
      first === undefined
        ? `There are no photos in "${folder}".`
        : `None of the ${skipped.length} files in "${folder}" can be used; "${first.path}": ${first.reason}.`;
    throw new HolotypeError('bad-input', message, { remedy, details });
  }
  if (task === 'regression') {
    if (minClasses === 0 || new Set(photos.map(({ target }) => target)).size > 1) return;
    const message =
      photos.length === 0
        ? `The ${unlabeled.length} photos in "${folder}" have no numbers to learn.`
        : `All photos in "${folder}" have the same number, ${photos[0]?.target ?? ''}: there is nothing to learn.`;
    throw new HolotypeError('bad-input', message, { remedy, details });
  }
  // One label that photos have or have not is enough to learn.
  if (classes.length >= (task === 'multi-label' ? Math.min(1, minClasses) : minClasses)) return;
  if (classes.length === 0) {
    const message = `The ${unlabeled.length} photos in "${folder}" have no labels.`;
    throw new HolotypeError('bad-input', message, { remedy, details });
  }
  const message = `There is only one class in "${folder}": "${classes[0]}". A classifier needs at least two.`;
  throw new HolotypeError('bad-input', message, { remedy, details });
}

/** Where splits are given: classes that only some of them have. */
function checkSplits(photos: readonly Photo[], classes: readonly string[]): Warning[] {
  const has = (split: Split): Set<number> =>
    new Set(photos.filter((photo) => photo.split === split).flatMap((photo) => [...classesOf(photo)]));
  // A photo whose split is still open may be trained on.
  const train = new Set(
    photos.filter((photo) => (photo.split ?? 'train') === 'train').flatMap((photo) => [...classesOf(photo)]),
  );
  if (train.size === 0) return [];
  const warnings: Warning[] = [];
  for (const split of ['val', 'test'] as const) {
    const own = has(split);
    if (own.size === 0) continue;
    const unknown = classes.filter((_, label) => own.has(label) && !train.has(label));
    if (unknown.length > 0) {
      const names = unknown.map((name) => `"${name}"`).join(', ');
      const trained = classes.filter((_, label) => train.has(label));
      const near = trained.find((name) => name.toLowerCase() === unknown[0]?.toLowerCase());
      throw new HolotypeError(
        'bad-input',
        `The ${split} photos have ${unknown.length === 1 ? 'a class' : 'classes'} that no training photo has: ${names}.`,
        {
          remedy:
            near === undefined
              ? `Rename or move the ${split} folders so that their names are among: ${trained.join(', ')}.`
              : `Rename it to "${near}": upper and lower case count.`,
        },
      );
    }
    const missing = classes.filter((_, label) => !own.has(label));
    if (missing.length > 0) {
      const names = missing.map((name) => `"${name}"`).join(', ');
      const message = `No ${split} photo shows ${names}: the results say nothing about ${missing.length === 1 ? 'it' : 'them'}.`;
      warnings.push({ code: 'class-missing-in-split', message });
    }
  }
  return warnings;
}
