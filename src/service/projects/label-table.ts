import type { LabelImport } from '../../contract/photos.ts';
import type { Asset, AssetPatch } from '../../contract/project.ts';
import { parseLabelsCsv } from '../../engine/data/csv.ts';
import type { LabelRow } from '../../engine/data/csv.ts';
import { labelNamesOf } from '../../engine/data/label-names.ts';
import { PhotoFinder } from '../../engine/data/photo-finder.ts';
import type { Project, RequestedChange, Step } from '../../store/project.ts';
import { csvLine } from '../csv.ts';
import { className } from './class-names.ts';
import { colouredTable, withClasses } from './class-steps.ts';
import { countOf } from './label-steps.ts';
import { isShown } from './photo-rows.ts';

/** Unmatched lines that are listed; the rest is counted. */
const listedUnmatched = 100;
const columns = ['filename', 'label', 'split', 'group', 'target', 'excluded'] as const;

/**
 * The project's labels as a table (RFC 4180), in the order of the paths: a line a photo, or a line a label where one
 * has several. Reading it back with {@link importLabels} changes nothing. Names are written as they are, also those
 * that begin with `=` or the like: a spreadsheet may take such a cell for a formula.
 */
export function exportLabels(project: Project): string {
  const lines = [csvLine(columns)];
  const shown = [...project.assets.values()].filter(isShown);
  shown.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const { path, labels, split = '', group = '', target, excluded } of shown)
    for (const label of labels.length === 0 ? [''] : labels)
      lines.push(
        csvLine([path, label, split, group, target?.toString() ?? '', excluded === true ? 'yes' : '']),
      );
  return lines.join('');
}

/**
 * The step that sets what a table says: labels (new classes are made), and split, group, target and `excluded` where
 * there are such columns. An empty cell says nothing: no label is taken away. Copies of a photo count as the photo.
 *
 * @returns the step (undefined when all is so already) and what to tell the person
 * @throws HolotypeError('bad-input') when the text is no such table
 */
export function importLabels(project: Project, csv: string): { step: Step | undefined; report: LabelImport } {
  const table = parseLabelsCsv(new TextEncoder().encode(csv), 'labels.csv');
  const wanted = new Wanted(project);
  for (const row of table.rows) wanted.read(row);
  return wanted.result();
}

/** What the table wants of one photo. */
interface PhotoWish {
  readonly asset: Asset;
  readonly labels: string[];
  patch: AssetPatch;
}

class Wanted {
  readonly #project: Project;
  readonly #finder: PhotoFinder;
  readonly #byPath = new Map<string, Asset>();
  readonly #photos = new Map<string, PhotoWish>();
  readonly #newClasses = new Set<string>();
  readonly #classes: ReadonlySet<string>;
  readonly #unmatched: LabelImport['unmatched'] = [];
  #unmatchedCount = 0;

  constructor(project: Project) {
    this.#project = project;
    for (const asset of project.assets.values()) {
      if (!isShown(asset)) continue;
      for (const path of [...(asset.otherPaths ?? []), asset.path]) this.#byPath.set(path, asset);
    }
    this.#finder = new PhotoFinder([...this.#byPath.keys()]);
    this.#classes = new Set(project.manifest.classes);
  }

  read(row: LabelRow): void {
    const found = this.#find(row);
    if (typeof found === 'string') return this.#refuse(row, found);
    const wish = this.#photos.get(found.id) ?? { asset: found, labels: [], patch: {} };
    this.#photos.set(found.id, wish);
    const { task } = this.#project.manifest;
    // A class may be called so; what is none stands for several.
    const whole = row.label === undefined || this.#classes.has(className(row.label));
    for (const text of whole ? [row.label ?? []].flat() : (labelNamesOf(row.label, task) ?? [])) {
      const label = className(text);
      if (task === 'regression') return this.#refuse(row, 'this project predicts numbers, not classes');
      if (task === 'single-label' && wish.labels.some((other) => other !== label))
        return this.#refuse(row, `an earlier line gives this photo the label "${wish.labels[0] ?? ''}"`);
      if (!wish.labels.includes(label)) wish.labels.push(label);
      if (!this.#classes.has(label)) this.#newClasses.add(label);
    }
    const excluded = excludedIn(row);
    wish.patch = {
      ...wish.patch,
      ...(row.split !== undefined && { split: row.split }),
      ...(row.group !== undefined && { group: row.group }),
      ...(row.target !== undefined && { target: row.target }),
      ...(excluded !== undefined && { excluded: excluded ? true : null }),
    };
  }

  result(): { step: Step | undefined; report: LabelImport } {
    const photos: RequestedChange[] = [];
    const shared = new Map<string, AssetPatch>();
    let unchanged = 0;
    for (const { asset, labels, patch } of this.#photos.values()) {
      const change = differing(asset, { ...(labels.length > 0 && { labels }), ...patch });
      if (change === undefined) {
        unchanged += 1;
        continue;
      }
      const key = JSON.stringify(change);
      const known = shared.get(key);
      if (known === undefined) shared.set(key, change);
      photos.push({ id: asset.id, to: known ?? change });
    }
    const newClasses = [...this.#newClasses].sort();
    const report: LabelImport = {
      matched: photos.length,
      unchanged,
      newClasses,
      unmatched: this.#unmatched,
      unmatchedCount: this.#unmatchedCount,
    };
    if (photos.length === 0 && newClasses.length === 0) return { step: undefined, report };
    const table = colouredTable(this.#project);
    const step: Step = {
      description: `Import labels of ${countOf(this.#project, photos)}`,
      photos,
      ...(newClasses.length > 0 && { classes: withClasses(table, newClasses) }),
    };
    return { step, report };
  }

  /** The photo a line is about, or why there is none. */
  #find(row: LabelRow): Asset | string {
    // As it stands first: a file's name may hold what is taken for the spelling of another system.
    const exact = this.#byPath.get(row.cells['filename'] ?? row.filename);
    if (exact !== undefined) return exact;
    const paths = this.#finder.find(row.filename);
    const assets = new Map(
      paths.flatMap((path) => this.#byPath.get(path) ?? []).map((asset) => [asset.id, asset]),
    );
    const [only, ...more] = assets.values();
    if (only === undefined) return 'no photo of this name';
    return more.length === 0 ? only : `${assets.size} photos have this name: give the path`;
  }

  #refuse({ line, filename }: LabelRow, reason: string): void {
    this.#unmatchedCount += 1;
    if (this.#unmatched.length < listedUnmatched) this.#unmatched.push({ line, name: filename, reason });
  }
}

/** What of the wish is not so yet; undefined when nothing. Labels count as a set. */
function differing(asset: Asset, wish: AssetPatch): AssetPatch | undefined {
  const { labels, ...fields } = wish;
  const patch: AssetPatch = Object.fromEntries(
    Object.entries(fields).filter(([field, value]) => (asset[field] ?? null) !== value),
  );
  if (labels !== undefined) {
    const same =
      labels.length === asset.labels.length && labels.every((label) => asset.labels.includes(label));
    if (!same) patch.labels = labels;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function excludedIn({ cells }: LabelRow): boolean | undefined {
  const said = cells['excluded']?.trim().toLowerCase() ?? '';
  if (['yes', 'true', '1'].includes(said)) return true;
  return ['no', 'false', '0'].includes(said) ? false : undefined;
}
