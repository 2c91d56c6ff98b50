import type { Skipped, Split, Warning } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { classesOfFolders } from './class-folders.ts';
import { splitNamed } from './csv.ts';
import type { LabelRow, LabelsCsv } from './csv.ts';
import { PhotoFinder } from './photo-finder.ts';

export interface LayoutInput {
  /** Every file, photo or not, relative to the root, with `/`. */
  paths: readonly string[];
  /** Every folder, so that empty ones can be told of. */
  folders?: readonly string[];
  csv?: LabelsCsv;
  /** The CSV column whose cells become groups, instead of the one called "group". */
  groupColumn?: string;
  /** What all photos here are for (--val, --test): split folders are then not looked for. */
  split?: Split;
}

/** What folders and CSV say of one file. */
export interface LabelledItem {
  path: string;
  /** Class name, NFC; absent: nobody labelled it. */
  label?: string;
  split?: Split;
  group?: string;
  target?: number;
}

export interface Layout {
  /** In the order of the paths. A file that the CSV gives two labels is there twice. */
  items: LabelledItem[];
  skipped: Skipped[];
  warnings: Warning[];
}

/**
 * Tells labels and splits from where photos lie and from a labels file. Folders: one a class, possibly within
 * train/, val/ (valid/, validation/) and test/ in any case, possibly nested (see {@link classesOfFolders}); a single
 * folder around everything is looked through. With a CSV that has labels, only the CSV labels; folders can then
 * still say the split.
 *
 * @throws HolotypeError('bad-input') when `groupColumn` names no column
 */
export function layoutPhotos(input: LayoutInput): Layout {
  const { csv, groupColumn } = input;
  if (groupColumn !== undefined && csv?.columns.includes(groupColumn) !== true) {
    throw new HolotypeError(
      'bad-input',
      csv === undefined
        ? `There is no labels file to take the column "${groupColumn}" from.`
        : `The labels file "${csv.name}" has no column "${groupColumn}".`,
      {
        remedy:
          csv === undefined
            ? 'Give one with --labels FILE.csv.'
            : `It has: ${csv.columns.map((column) => `"${column}"`).join(', ')}.`,
      },
    );
  }
  const folders = csv?.labels === true ? undefined : byFolders(input);
  const layout = folders ?? { items: bySplitFolders(input), skipped: [], warnings: [] };
  if (csv !== undefined) applyCsv(layout, csv, groupColumn);
  return layout;
}

/** Labels and splits by folders. */
function byFolders(input: LayoutInput): Layout {
  const skipped: Skipped[] = [];
  const warnings: Warning[] = [];
  const tree = new Tree(input.paths);
  const wrapper = tree.wrapper('');
  if (wrapper !== '' && tree.topsBelow(wrapper).size > 1) {
    warnings.push({
      code: 'unwrapped',
      message: `All photos are in "${wrapper}": the classes are looked for there.`,
    });
  }
  const splitOf = input.split === undefined ? splitFolders(tree, wrapper) : new Map<string, Split>();
  const inTrain = [...splitOf.values()].includes('train');

  // A folder's place below its split folder, if any; photos of all splits share their classes.
  const place = new Map<string, { split?: Split; rest: string }>();
  for (const folder of tree.folders) {
    if (wrapper !== '' && folder !== wrapper && !folder.startsWith(`${wrapper}/`)) continue;
    const below = folder.slice(wrapper.length).replace(/^\//, '');
    const [top = '', ...rest] = below.split('/');
    const split = splitOf.get(top);
    place.set(folder, split === undefined ? { rest: below } : { split, rest: rest.join('/') });
  }
  const labelled = [...place.values()].filter(
    ({ split, rest }) => rest !== '' && (split !== undefined || !inTrain),
  );
  const inner = splitOf.size === 0 ? '' : commonWrapper(labelled.map(({ rest }) => rest));
  const below = (rest: string): string => rest.slice(inner.length).replace(/^\//, '');
  const classes = classesOfFolders(labelled.map(({ rest }) => below(rest)).filter((rest) => rest !== ''));
  warnings.push(...nestingWarnings(classes));

  const items: LabelledItem[] = [];
  for (const path of input.paths) {
    const at = place.get(folderOf(path));
    const split = input.split ?? at?.split;
    if (inTrain && at?.split === undefined) {
      if (isPhotoLike(path)) {
        const reason = 'lies outside the train, val and test folders';
        skipped.push({ path, reason, code: 'outside-splits' });
        continue;
      }
    }
    const label = at === undefined ? undefined : classes.get(below(at.rest));
    items.push({
      path,
      ...(label === undefined ? {} : { label: label.normalize('NFC') }),
      ...(split === undefined ? {} : { split }),
    });
  }
  warnings.push(...emptyFolders(input.folders ?? [], tree));
  return { items, skipped, warnings };
}

/** With a labels file folders say nothing but the split, if their names are those of splits. */
function bySplitFolders(input: LayoutInput): LabelledItem[] {
  return input.paths.map((path) => {
    const slash = path.indexOf('/');
    const split = input.split ?? (slash < 0 ? undefined : splitNamed(path.slice(0, slash)));
    return split === undefined ? { path } : { path, split };
  });
}

/**
 * The top folders that are splits. A folder called "train" may also be the class of the trains: a split folder holds
 * class folders and no photos itself, and either nothing else lies beside the split folders, or there are at least two
 * of them, or (only val/ or test/, beside the class folders) their classes are those of the folders beside.
 */
function splitFolders(tree: Tree, wrapper: string): Map<string, Split> {
  const found = new Map<string, Split>();
  const others = new Set<string>();
  for (const top of tree.topsBelow(wrapper)) {
    const split = splitNamed(top);
    const full = wrapper === '' ? top : `${wrapper}/${top}`;
    if (split !== undefined && !tree.folders.has(full)) found.set(top, split);
    else others.add(top);
  }
  if (others.size === 0) return found;
  if ([...found.values()].includes('train')) return found.size >= 2 ? found : new Map();
  for (const top of found.keys()) {
    const full = wrapper === '' ? top : `${wrapper}/${top}`;
    if (![...tree.topsBelow(full)].every((name) => others.has(name))) found.delete(top);
  }
  return found;
}

/** The folders that hold photos themselves, and what lies below what. */
class Tree {
  readonly folders = new Set<string>();

  constructor(paths: readonly string[]) {
    for (const path of paths) if (isPhotoLike(path)) this.folders.add(folderOf(path));
  }

  /** Names of the folders directly below that hold photos at any depth. */
  topsBelow(folder: string): Set<string> {
    const prefix = folder === '' ? '' : `${folder}/`;
    const tops = new Set<string>();
    for (const other of this.folders) {
      if (other === '' || !other.startsWith(prefix)) continue;
      tops.add(other.slice(prefix.length).split('/')[0] ?? '');
    }
    return tops;
  }

  /** The deepest folder that holds everything and no photo itself; a split folder is not looked through. */
  wrapper(from: string): string {
    if (this.folders.has(from)) return from;
    const [top, ...more] = this.topsBelow(from);
    if (top === undefined || more.length > 0 || splitNamed(top) !== undefined) return from;
    const full = from === '' ? top : `${from}/${top}`;
    return this.folders.has(full) ? from : this.wrapper(full);
  }
}

function commonWrapper(folders: readonly string[]): string {
  return new Tree(folders.map((folder) => `${folder}/x.jpg`)).wrapper('');
}

function nestingWarnings(classes: Map<string, string>): Warning[] {
  const warnings: Warning[] = [];
  const merged = [...classes].find(([folder, name]) => folder !== name);
  if (merged !== undefined) {
    const message = `Sub-folders such as "${merged[0]}" are taken as parts of their class "${merged[1]}".`;
    warnings.push({ code: 'merged-folders', message });
  }
  const nested = [...classes.values()].find((name) => name.includes('/'));
  if (nested !== undefined) {
    const message = `Folders lie within folders: the innermost are the classes, such as "${nested}".`;
    warnings.push({ code: 'nested-classes', message });
  }
  return warnings;
}

function emptyFolders(folders: readonly string[], tree: Tree): Warning[] {
  const full = new Set<string>(['']);
  for (const folder of tree.folders) {
    for (let at = folder; at !== ''; at = folderOf(at)) full.add(at);
  }
  // Of nested empty folders only the outermost is told of.
  const empty = folders.filter((folder) => !full.has(folder) && full.has(folderOf(folder)));
  return empty.map((folder) => ({
    code: 'empty-folder',
    message: `The folder "${folder}" holds no photos.`,
  }));
}

/** Adds what the labels file says to the items, and lists what it says of files that aren't there. */
function applyCsv(layout: Layout, csv: LabelsCsv, groupColumn: string | undefined): void {
  const finder = new PhotoFinder(layout.items.map((item) => item.path));
  const rowsOf = new Map<string, LabelRow[]>();
  for (const row of csv.rows) {
    const found = finder.find(row.filename);
    const [path] = found;
    if (path !== undefined && found.length === 1) {
      const rows = rowsOf.get(path);
      if (rows === undefined) rowsOf.set(path, [row]);
      else rows.push(row);
    } else {
      const line = `line ${row.line} of "${csv.name}"`;
      layout.skipped.push(
        found.length === 0
          ? {
              path: row.filename,
              reason: `${line} lists it, but there is no such file`,
              code: 'missing-file',
            }
          : {
              path: row.filename,
              reason: `${line} lists it, but ${found.length} files have this name: give the path`,
              code: 'ambiguous-name',
            },
      );
    }
  }
  const items: LabelledItem[] = [];
  let unlisted = 0;
  for (const item of layout.items) {
    const rows = rowsOf.get(item.path);
    if (rows === undefined) {
      if (csv.labels && isPhotoLike(item.path)) unlisted += 1;
      items.push(item);
      continue;
    }
    const seen = new Set<string>();
    for (const row of rows) {
      const label = csv.labels ? row.label : item.label;
      const said = JSON.stringify([label, row.target]);
      if (seen.has(said)) continue;
      seen.add(said);
      const group = groupColumn === undefined ? row.group : row.cells[groupColumn];
      const split = row.split ?? item.split;
      items.push({
        path: item.path,
        ...(label === undefined ? {} : { label }),
        ...(split === undefined ? {} : { split }),
        ...(group === undefined || group === '' ? {} : { group }),
        ...(row.target === undefined ? {} : { target: row.target }),
      });
    }
  }
  layout.items = items;
  if (unlisted > 0) {
    const message = `${unlisted} ${unlisted === 1 ? 'file is' : 'files are'} not listed in "${csv.name}" and so ${unlisted === 1 ? 'has' : 'have'} no label.`;
    layout.warnings.push({ code: 'not-listed', message });
  }
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const otherThings =
  /(^|\/)((readme|licen[cs]e|copying|changelog|attribution|makefile)(\.[^/]*)?|[^/]*\.(txt|csv|tsv|json|jsonl|xml|ya?ml|toml|md|rst|html?|pdf|docx?|xlsx?|pptx?|odt|zip|tar|t?gz|7z|rar|mp4|mov|avi|mkv|webm|mp3|wav|py|ipynb|m|mat|npy|npz|pkl|h5|hdf5|pt|pth|onnx|tfrecord|db|sqlite|ini|log|lnk|url|exe|svg|xmp|aae|thm))$/i;

/**
 * Whether a file counts when the layout is told: by its name, for nothing has been read yet. A note beside class
 * folders must not make a class of the folder it lies in. What a file really is, its content says later.
 */
export function isPhotoLike(path: string): boolean {
  return !otherThings.test(path);
}
