import { resolve } from 'node:path';
import type { Skipped } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { PhotoRow } from '../../contract/photos.ts';
import type { Asset, AssetChange, LabelOperation } from '../../contract/project.ts';
import type { LastResult, ProjectState } from '../../contract/projects.ts';
import type { Project, Step } from '../../store/project.ts';
import { projectId } from '../../store/recent-projects.ts';
import type { Emitter } from '../emitter.ts';
import type { OpenProject } from './open-projects.ts';
import { PhotoFeed } from './photo-feed.ts';
import { isShown, photoRow, sortedIds } from './photo-rows.ts';
import { projectState } from './project-state.ts';

/** A project that windows have open, and what they are told of it. */
export class OpenedProject implements OpenProject {
  readonly id: string;
  readonly folder: string;
  /** Windows that have it open. */
  users = 0;
  /** The job that looks through the folder now. */
  scanJob: string | undefined;
  lastRun: string | undefined;
  /** How good that is; null: there is none; undefined: it can't be read. */
  last: LastResult | null | undefined;
  /** Its folder of photos was not there when it was last looked for. */
  absent = false;
  readonly #events: Emitter;
  readonly #feed: PhotoFeed;
  #project: Project;
  #holder: string | undefined;
  #gone: string | undefined;
  #skipped: readonly Skipped[] = [];
  #scanProblems: readonly string[] = [];
  #revision = 0;
  #order: readonly string[] | undefined;
  #state: ProjectState | undefined;

  /** @param holder who else has it open for writing, as a phrase; undefined when it is ours */
  constructor(project: Project, holder: string | undefined, events: Emitter) {
    this.#project = project;
    this.#holder = holder;
    this.#events = events;
    this.folder = resolve(project.folder);
    this.id = projectId(this.folder);
    this.#feed = new PhotoFeed((ids) => this.#tell(ids));
  }

  get project(): Project {
    return this.#project;
  }

  get photoFolder(): string {
    return resolve(this.folder, this.#project.manifest.photoFolder ?? '.');
  }

  get readOnly(): boolean {
    return this.#holder !== undefined;
  }

  get skipped(): readonly Skipped[] {
    return this.#skipped;
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  state(): ProjectState {
    this.#state ??= projectState(this.#project, {
      id: this.id,
      photoFolder: this.photoFolder,
      gone: this.#gone,
      holder: this.#holder,
      skipped: this.#skipped.length,
      scanProblems: this.#scanProblems,
      revision: this.#revision,
      scan: this.scanJob,
      lastRun: this.lastRun,
    });
    return this.#state;
  }

  asset(photo: string): Asset {
    const asset = this.#project.assets.get(photo);
    if (asset !== undefined) return asset;
    throw new HolotypeError('not-found', `This photo is not in the project "${this.name}".`, {
      remedy: 'Look through the folder again.',
      details: { photo },
    });
  }

  get name(): string {
    return this.#project.manifest.name;
  }

  /** Photos in the order of their paths. */
  photos(offset: number, limit: number): { revision: number; total: number; photos: PhotoRow[] } {
    this.#order ??= sortedIds(this.#project.assets);
    const photos = this.#order.slice(offset, offset + limit).flatMap((id) => {
      const asset = this.#project.assets.get(id);
      return asset === undefined ? [] : [photoRow(asset, this.isGone)];
    });
    return { revision: this.#revision, total: this.#order.length, photos };
  }

  /** A few photos that stand for the project: of each class in turn, those that are there first. */
  samples(count: number): string[] {
    const shown = [...this.#project.assets.values()].filter((asset) => isShown(asset) && !asset.missing);
    const byClass = new Map<string, string[]>();
    for (const { id, labels } of shown) {
      const label = labels[0] ?? '';
      const ids = byClass.get(label);
      if (ids === undefined) byClass.set(label, [id]);
      else if (ids.length < count) ids.push(id);
    }
    const samples: string[] = [];
    for (let turn = 0; turn < count; turn += 1)
      for (const ids of byClass.values()) {
        const id = ids[turn];
        if (id !== undefined && samples.length < count) samples.push(id);
      }
    return samples;
  }

  /** Takes a step that a person asks for, and tells windows. @throws HolotypeError as {@link Project.step} */
  take(make: (project: Project) => Step | undefined): Promise<ProjectState> {
    return this.edit((project) => project.step(() => make(project)));
  }

  /**
   * Changes the project, and tells windows. When it turns out that somebody has taken it over, it becomes one that can
   * only be read.
   *
   * @throws HolotypeError 'busy' when it can only be read, and what `work` throws
   */
  async edit(work: (project: Project) => Promise<LabelOperation | undefined | void>): Promise<ProjectState> {
    const project = this.#project;
    if (this.readOnly) this.refuse();
    try {
      const operation = await work(project);
      this.announce(operation?.changes ?? []);
    } catch (error) {
      this.checkOurs();
      throw error;
    }
    return this.state();
  }

  /** @throws HolotypeError('busy'): somebody else has it open for writing */
  refuse(): never {
    throw new HolotypeError(
      'busy',
      `"${this.name}" can only be looked at: ${this.#holder ?? 'nobody'} has it.`,
      {
        remedy: 'Take it over to change it here.',
        details: { holder: this.#holder },
      },
    );
  }

  /** Tells windows that the project's state is another one now, and these photos. */
  announce(changes: readonly AssetChange[] = []): void {
    if (changes.some(changesOrder)) this.#order = undefined;
    this.#feed.touch(changes.map(({ id }) => id));
    this.#state = undefined;
    this.#events.emit('project.changed', { state: this.state() });
  }

  /** Notices that somebody has taken the project over. */
  checkOurs(): void {
    const holder = this.#holder === undefined ? this.#project.takenBy() : undefined;
    if (holder === undefined) return;
    this.#holder = holder;
    this.announce();
  }

  /** Goes on with the same project opened anew; closes the former one. */
  async replace(project: Project, holder: string | undefined): Promise<void> {
    const before = this.#project;
    this.#project = project;
    this.#holder = holder;
    this.#order = undefined;
    const ids = new Set([...before.assets.keys(), ...project.assets.keys()]);
    const changed = [...ids].filter((id) => !same(before.assets.get(id), project.assets.get(id)));
    this.#feed.touch(changed);
    this.announce();
    await before.close();
  }

  /** What looking through the folder has found out; `gone` says why it could not be. */
  scanned(found: {
    skipped?: readonly Skipped[];
    problems?: readonly string[];
    gone: string | undefined;
  }): void {
    const was = this.isGone;
    this.#gone = found.gone;
    if (found.skipped) this.#skipped = found.skipped;
    if (found.problems) this.#scanProblems = found.problems;
    if (was !== this.isGone) this.#feed.touch(this.#project.assets.keys());
    this.announce();
  }

  async close(): Promise<void> {
    this.#feed.stop();
    await this.#project.close();
  }

  /** Every message raises the revision by one, so that a window notices when it has missed one. */
  #tell(ids: readonly string[]): void {
    this.#revision += 1;
    this.#state = undefined;
    const changed: PhotoRow[] = [];
    const removed: string[] = [];
    for (const id of ids) {
      const asset = this.#project.assets.get(id);
      if (asset !== undefined && isShown(asset)) changed.push(photoRow(asset, this.isGone));
      else removed.push(id);
    }
    this.#events.emit('photos.changed', { project: this.id, revision: this.#revision, changed, removed });
  }
}

const changesOrder = ({ before, after }: AssetChange): boolean =>
  before === null || after === null || 'id' in after || 'path' in after || 'replacedBy' in after;

const same = (a: Asset | undefined, b: Asset | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
