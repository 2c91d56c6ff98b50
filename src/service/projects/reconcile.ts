import type { Skipped } from '../../contract/dataset.ts';
import type { Asset, AssetPatch } from '../../contract/project.ts';
import { isPhotoLike } from '../../engine/data/layout.ts';
import type { LabelledItem } from '../../engine/data/layout.ts';
import type { ContentFacts } from '../../store/facts-cache.ts';
import type { Project, RequestedChange, Step } from '../../store/project.ts';
import type { ListedPhotos } from '../list-photos.ts';
import type { ReadFile } from '../read-files.ts';
import { classFinder, className } from './class-names.ts';
import { colouredTable, withClasses } from './class-steps.ts';
import { inherited, isSamePhoto } from './edited-photos.ts';

type Facts = (id: string) => ContentFacts | undefined;

/**
 * Brings a project's photos in line with what lies in their folder. Photos are known by content: one that was moved
 * keeps all that is known of it. What is not there any more is marked so, and never forgotten. Labels are a person's:
 * folders give them to new photos, and to photos without one that were moved into a class's folder.
 *
 * Three kinds of steps, each made up from the project as it is at that moment: {@link begin} once, {@link batch} as
 * often as files have been read, {@link finish} once, when all were.
 */
export class Reconciler {
  readonly skipped: Skipped[];
  readonly problems: string[] = [];
  readonly #project: Project;
  readonly #items = new Map<string, LabelledItem[]>();
  /** Paths that are there. */
  readonly #paths: ReadonlySet<string>;
  /** Where each content lies. */
  readonly #found = new Map<string, string[]>();
  /** Labels that photos were given by folders and that nobody has changed, as far as is known. */
  readonly #given = new Map<string, readonly string[]>();
  /** Which photo lay at a path when the project was last looked through. */
  readonly #before = new Map<string, string>();
  /** Photos that were not known, by where they lie. */
  readonly #fresh = new Map<string, string>();
  readonly #newClasses: string[] = [];
  #waiting: ReadFile[] = [];

  constructor(project: Project, listed: ListedPhotos) {
    this.#project = project;
    this.skipped = [...listed.skipped];
    this.#paths = new Set(listed.files.map(({ path }) => path));
    for (const item of listed.items) {
      const items = this.#items.get(item.path);
      if (items === undefined) this.#items.set(item.path, [item]);
      else items.push(item);
    }
    for (const { id, path, replacedBy } of project.assets.values())
      if (replacedBy === undefined) this.#before.set(path, id);
    if (project.manifest.scannedAt === undefined) this.#rememberGiven();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Makes classes of the folders (or labels of a table) that are met for the first time. */
  begin(): Step | undefined {
    const table = colouredTable(this.#project);
    const finder = classFinder(table);
    const fresh = new Set<string>();
    for (const items of this.#items.values())
      for (const { path, label } of items)
        if (label !== undefined && isPhotoLike(path) && !finder.knows(label)) fresh.add(label);
    if (fresh.size === 0) return undefined;
    const met = [...fresh].sort();
    this.#newClasses.push(...met.map(className).filter((name) => !table.names.includes(name)));
    const added = withClasses(table, this.#newClasses);
    const folders = {
      ...table.folders,
      ...Object.fromEntries(met.map((label) => [label, className(label)])),
    };
    return { description: 'Found classes', undoable: false, classes: { ...added, folders } };
  }

  /** A file has been read. */
  add(file: ReadFile): void {
    this.#waiting.push(file);
  }

  /** Takes in the files that were read since the last time. */
  batch(): Step | undefined {
    const files = this.#waiting;
    this.#waiting = [];
    const { assets } = this.#project;
    const labels = this.#labeller();
    const fresh = new Map<string, Asset>();
    const patches = new Map<string, AssetPatch>();
    for (const file of files) {
      const { path, id, facts } = file;
      if ('code' in facts) {
        this.skipped.push({ path, reason: facts.reason, code: facts.code });
        continue;
      }
      if (id === undefined) continue;
      const paths = this.#found.get(id);
      if (paths === undefined) this.#found.set(id, [path]);
      else paths.push(path);
      const known = assets.get(id);
      if (known !== undefined) {
        const patch = this.#seenAgain(known, file, labels, paths === undefined);
        if (patch !== undefined) patches.set(id, { ...patch, ...patches.get(id) });
      } else if (!fresh.has(id)) {
        const asset = this.#newPhoto(file, id, labels);
        this.#given.set(id, asset.labels);
        this.#fresh.set(path, id);
        fresh.set(id, asset);
      }
    }
    const photos: RequestedChange[] = [...fresh, ...patches].map(([id, to]) => ({ id, to }));
    return photos.length === 0 ? undefined : { description: 'Found photos', undoable: false, photos };
  }

  /** Settles what only shows when all files are read: what is missing, where copies lie, contradictions. */
  finish(facts: Facts): Step | undefined {
    const { assets } = this.#project;
    const labels = this.#labeller();
    const patches = new Map<string, AssetPatch>();
    const patch = (id: string, more: AssetPatch): void => {
      if (Object.keys(more).length > 0) patches.set(id, { ...patches.get(id), ...more });
    };
    for (const asset of assets.values()) {
      const paths = this.#found.get(asset.id);
      if (paths !== undefined) {
        paths.sort();
        patch(asset.id, this.#placePatch(asset, paths));
        patch(asset.id, this.#ofSeveralFolders(asset, paths, labels));
      } else if (asset.replacedBy === undefined) {
        const heir = this.#heir(asset, facts);
        if (heir !== undefined) {
          patch(heir.id, inherited(asset));
          patch(asset.id, { replacedBy: heir.id, missing: true });
        } else if (asset.missing !== true) patch(asset.id, { missing: true });
      }
    }
    const photos = [...patches].map(([id, to]) => ({ id, to }));
    const classes = this.#withoutLostClasses(photos);
    if (photos.length === 0 && classes === undefined) return undefined;
    return {
      description: 'Looked through the folder',
      undoable: false,
      photos,
      ...(classes !== undefined && { classes }),
    };
  }

  /** A scan that was broken off has left labels that no person has given either. */
  #rememberGiven(): void {
    const { undoable, redoable, assets } = this.#project;
    const touched = new Set([...undoable, ...redoable].flatMap(({ changes }) => changes.map(({ id }) => id)));
    for (const { id, labels } of assets.values()) if (!touched.has(id)) this.#given.set(id, labels);
  }

  /** Tells the classes of a place. */
  #labeller(): (path: string) => string[] {
    const finder = classFinder(colouredTable(this.#project));
    return (path) => {
      const found = (this.#items.get(path) ?? []).flatMap(({ label }) =>
        label === undefined ? [] : (finder.find(label) ?? []),
      );
      return [...new Set(found)];
    };
  }

  #newPhoto({ path, bytes, facts }: ReadFile, id: string, labels: (path: string) => string[]): Asset {
    const there = labels(path);
    const [item] = this.#items.get(path) ?? [];
    const single = this.#project.manifest.task === 'single-label';
    return {
      id,
      path,
      bytes,
      // Of several labels for one photo none is right; which they are is told when all files are read.
      labels: single && there.length > 1 ? [] : there,
      ...(item?.target !== undefined && { target: item.target }),
      ...(item?.split !== undefined && { split: item.split }),
      ...(item?.group !== undefined && { group: item.group }),
      ...factFields(facts),
    };
  }

  #seenAgain(
    asset: Asset,
    { path, bytes, facts }: ReadFile,
    labels: (path: string) => string[],
    first: boolean,
  ): AssetPatch | undefined {
    const patch: AssetPatch = {};
    if (asset.missing === true) patch.missing = null;
    if (asset.replacedBy !== undefined) patch.replacedBy = null;
    if (asset.bytes !== bytes) patch.bytes = bytes;
    const { width, height, takenAt } = factFields(facts);
    if (asset.width !== width && width !== undefined) patch.width = width;
    if (asset.height !== height && height !== undefined) patch.height = height;
    if (asset.takenAt !== takenAt && takenAt !== undefined) patch.takenAt = takenAt;
    if (first && !this.#paths.has(asset.path)) {
      patch.path = path; // moved
      const there = labels(path);
      if (asset.labels.length === 0 && there.length === 1) patch.labels = there;
    }
    return Object.keys(patch).length === 0 ? undefined : patch;
  }

  /** The photo whose file stands where this one stood and is the same photo, edited. */
  #heir(asset: Asset, facts: Facts): Asset | undefined {
    const id = this.#before.get(asset.path) === asset.id ? this.#fresh.get(asset.path) : undefined;
    const heir = id === undefined ? undefined : this.#project.assets.get(id);
    if (heir === undefined) return undefined;
    // One that a person has labelled since has a label of its own.
    if (!sameLabels(heir.labels, this.#given.get(heir.id) ?? [])) return undefined;
    const same = isSamePhoto({ ...asset, facts: facts(asset.id) }, { ...heir, facts: facts(heir.id) });
    return same ? heir : undefined;
  }

  /** Where the photo lies: where it was known to, as long as it is there; copies are kept beside. */
  #placePatch(asset: Asset, paths: readonly string[]): AssetPatch {
    if (paths.length === 1 && paths[0] === asset.path && asset.otherPaths === undefined) return {};
    // Of a new photo's places which was read first is chance; the first by name is it.
    const fresh = this.#fresh.get(asset.path) === asset.id;
    const path = !fresh && paths.includes(asset.path) ? asset.path : (paths[0] ?? asset.path);
    const others = paths.filter((other) => other !== path);
    const { split, group, target } = this.#items.get(path)?.[0] ?? {};
    return {
      ...(path !== asset.path && { path }),
      ...(!sameLabels(others, asset.otherPaths ?? []) && { otherPaths: others.length === 0 ? null : others }),
      ...(fresh &&
        path !== asset.path && { split: split ?? null, group: group ?? null, target: target ?? null }),
    };
  }

  /**
   * One photo in the folders of several classes has all of them for labels, or where there can be but one none until
   * a person decides.
   */
  #ofSeveralFolders(asset: Asset, paths: readonly string[], labels: (path: string) => string[]): AssetPatch {
    if (paths.length === 1 && (this.#items.get(paths[0] ?? '')?.length ?? 0) < 2) return {};
    const places = paths.flatMap((path) => labels(path).map((label) => ({ path, label })));
    const names = [...new Set(places.map(({ label }) => label))];
    if (names.length < 2) return {};
    const given = this.#given.get(asset.id);
    const ofFolder = given !== undefined && sameLabels(asset.labels, given);
    if (this.#project.manifest.task !== 'single-label')
      return ofFolder && asset.labels.length < names.length ? { labels: names } : {};
    if (asset.labels.length > 0 && !ofFolder) return {}; // decided
    const where = places.map(({ path, label }) => `"${path}" ("${label}")`).join(' and ');
    this.problems.push(`The same photo lies at ${where}: it has no label until you choose one.`);
    return asset.labels.length === 0 ? {} : { labels: [] };
  }

  /** Classes that were met but of which no photo can be used. */
  #withoutLostClasses(photos: readonly RequestedChange[]): Step['classes'] {
    if (this.#newClasses.length === 0) return undefined;
    const used = new Set<string>();
    // Photos that lie in several classes' folders count, too: a person will decide.
    const labels = this.#labeller();
    for (const paths of this.#found.values())
      for (const path of paths) for (const name of labels(path)) used.add(name);
    const changed = new Map(photos.map(({ id, to }) => [id, to]));
    for (const asset of this.#project.assets.values())
      for (const name of changed.get(asset.id)?.labels ?? asset.labels) used.add(name);
    const table = colouredTable(this.#project);
    const lost = new Set(this.#newClasses.filter((name) => !used.has(name)));
    if (!table.names.some((name) => lost.has(name))) return undefined;
    for (const name of lost) this.problems.push(`No photo of "${name}" can be used: it is no class.`);
    return {
      names: table.names.filter((name) => !lost.has(name)),
      colors: Object.fromEntries(Object.entries(table.colors).filter(([name]) => !lost.has(name))),
      folders: Object.fromEntries(Object.entries(table.folders).filter(([, name]) => !lost.has(name))),
    };
  }
}

const sameLabels = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((label, at) => label === b[at]);

function factFields(facts: ContentFacts): Pick<Asset, 'width' | 'height' | 'takenAt'> {
  if ('code' in facts) return {};
  const { width, height, takenAt } = facts;
  return { width, height, ...(takenAt !== undefined && { takenAt }) };
}
