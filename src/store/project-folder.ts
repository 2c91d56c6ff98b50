import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import {
  assetSchema,
  classTableSchema,
  journalEntrySchema,
  projectFormatVersion,
} from '../contract/project.ts';
import type {
  Asset,
  ClassTable,
  JournalEntry,
  LabelOperation,
  ProjectManifest,
} from '../contract/project.ts';
import { cleanTemporaryFiles, writeFileAtomic, writeJsonAtomic } from './atomic.ts';
import { applyTableChange, classTable, sameTable, withClassTable, withNames } from './class-table.ts';
import { appendJsonl, readJsonl } from './jsonl.ts';
import type { JsonlContent, JsonlWriter } from './jsonl.ts';
import { applyChange, checkedChanges, inverse, labelsGiven } from './label-changes.ts';
import type { RequestedChange, Step } from './label-changes.ts';
import { LabelHistory, newestLines } from './label-history.ts';
import { lockHolder } from './lock.ts';
import type { Lock } from './lock.ts';
import { checkedManifest, manifestName, parsedToSave } from './project-manifest.ts';
import type { ManifestPatch } from './project-manifest.ts';
import { upgrader } from './project-migrations.ts';
import type { Project, ProjectFiles, ProjectProblem } from './project.ts';
import { storageError } from './storage-error.ts';

export const journalName = 'labels.journal.jsonl';
export const lockName = '.holotype.lock';
const datasetName = 'dataset.jsonl';
/** A journal with more than this that dataset.jsonl lacks is compacted when the project is opened. */
const compactAfter = { operations: 1_000, changes: 20_000 };

/** The one implementation of {@link Project}. */
export class ProjectFolder implements Project {
  readonly folder: string;
  manifest: ProjectManifest;
  readonly assets = new Map<string, Asset>();
  readonly problems: ProjectProblem[] = [];
  readonly #history = new LabelHistory();
  readonly #who: string;
  /** Operations that stay in the journal when it is compacted, as far as there is room. */
  readonly #kept: LabelOperation[] = [];
  #nextSeq = 1;
  #lock: Lock | undefined;
  /** Somebody else has taken the project over. */
  #lost = false;
  #journal: JsonlWriter | undefined;
  /** holotype.json could not be written after a step that changed classes; the journal has it. */
  #manifestBehind = false;
  /** Files with lines that could not be read: copied before they are rewritten without them. */
  readonly #damagedFiles = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string, manifest: ProjectManifest, who: string) {
    this.folder = folder;
    this.manifest = manifest;
    this.#who = who;
  }

  get undoable(): readonly LabelOperation[] {
    return this.#history.undoable;
  }

  get redoable(): readonly LabelOperation[] {
    return this.#history.redoable;
  }

  /**
   * Reads the files, once, before anything else is called.
   *
   * @param version of the files
   * @param lock to be kept until `close`; without it the project is for reading only
   */
  async load(version: number, lock?: Lock): Promise<void> {
    this.#lock = lock;
    const upgradeAsset = upgrader('asset', version, projectFormatVersion);
    const dataset = await readJsonl(join(this.folder, datasetName), {
      parse: (value) => assetSchema.parse(upgradeAsset(value)),
    });
    this.#note(datasetName, dataset);
    for (const asset of dataset.records) {
      if (this.assets.has(asset.id))
        this.problems.push({ file: datasetName, reason: `the photo ${asset.id} is listed more than once` });
      else this.assets.set(asset.id, asset);
    }

    const upgradeEntry = upgrader('journalEntry', version, projectFormatVersion);
    const journal = await readJsonl(join(this.folder, journalName), {
      parse: (value) => journalEntrySchema.parse(upgradeEntry(value)),
    });
    this.#note(journalName, journal);
    const pending = this.#replay(journal.records);
    const lastSeq = journal.records.reduce((last, { seq }) => Math.max(last, seq), 0);
    this.#nextSeq = Math.max(lastSeq + journal.badLines.length, this.manifest.classesAt ?? 0) + 1;
    this.#addMissingClasses();

    if (lock === undefined) return;
    await cleanTemporaryFiles(this.folder);
    this.#journal = await appendJsonl(join(this.folder, journalName));
    if (version < projectFormatVersion || pending) await this.#compact();
    if (version < projectFormatVersion || this.#manifestBehind) await this.#writeManifest(this.manifest);
  }

  updateManifest(patch: ManifestPatch): Promise<void> {
    return this.#exclusive(async () => {
      await this.#writeManifest(checkedManifest({ ...this.manifest, ...patch }));
    });
  }

  change(description: string, changes: readonly RequestedChange[]): Promise<LabelOperation> {
    return this.#exclusive(() => this.#take({ description, photos: changes }));
  }

  step(make: () => Step | undefined): Promise<LabelOperation | undefined> {
    return this.#exclusive(async () => {
      const step = make();
      return step === undefined ? undefined : this.#take(step);
    });
  }

  undo(): Promise<LabelOperation | undefined> {
    return this.#exclusive(async () => {
      const last = this.undoable.at(-1);
      if (last === undefined) return undefined;
      const { seq: of, description } = last;
      const changes = last.changes.toReversed().map(inverse);
      const classes = last.classes && { before: last.classes.after, after: last.classes.before };
      return this.#repeat({ action: 'undo', of, description, changes, ...(classes && { classes }) });
    });
  }

  redo(): Promise<LabelOperation | undefined> {
    return this.#exclusive(async () => {
      const last = this.redoable.at(-1);
      if (last === undefined) return undefined;
      const { seq: of, description, changes, classes } = last;
      return this.#repeat({ action: 'redo', of, description, changes, ...(classes && { classes }) });
    });
  }

  compact(): Promise<void> {
    return this.#exclusive(() => this.#compact());
  }

  isOurs(): boolean {
    return this.#lock?.isHeld() ?? false;
  }

  takenBy(): string | undefined {
    if (this.#lock === undefined || this.isOurs() || !existsSync(join(this.folder, manifestName)))
      return undefined;
    return lockHolder(join(this.folder, lockName)) ?? 'another program';
  }

  files(): ProjectFiles {
    const marker: JournalEntry = { seq: this.#nextSeq, time: new Date().toISOString(), action: 'compacted' };
    return {
      manifest: this.manifest,
      dataset: lines(this.#sorted().map((asset) => JSON.stringify(asset))),
      journal: lines([...newestLines(this.#kept), JSON.stringify(marker)]),
    };
  }

  async close(): Promise<void> {
    await this.#queue;
    if (this.#manifestBehind && this.isOurs())
      await this.#writeManifest(this.manifest).catch(() => undefined);
    const journal = this.#journal;
    this.#journal = undefined;
    try {
      await journal?.close();
    } finally {
      this.#lock?.release();
      this.#lock = undefined;
    }
  }

  /** Returns whether so much is not in dataset.jsonl yet that it should be. */
  #replay(entries: readonly JournalEntry[]): boolean {
    const compacted = entries.findLastIndex(({ action }) => action === 'compacted');
    const inManifest = this.manifest.classesAt ?? 0;
    const pending = { operations: 0, changes: 0 };
    for (const [at, entry] of entries.entries()) {
      if (entry.action === 'compacted') continue;
      this.#remember(entry);
      if (entry.classes && entry.seq > inManifest) {
        // A crash came before holotype.json was written.
        this.manifest = withClassTable(this.manifest, entry.classes.after, entry.seq);
        this.#manifestBehind = true;
      }
      if (at < compacted) continue;
      pending.operations += 1;
      pending.changes += entry.changes.length;
      for (const change of entry.changes) {
        change.id = this.assets.get(change.id)?.id ?? change.id; // one text for all of its steps saves memory
        const problem = applyChange(this.assets, change);
        if (problem !== undefined)
          this.problems.push({ file: journalName, reason: `operation ${entry.seq}: ${problem}` });
      }
    }
    return pending.operations > compactAfter.operations || pending.changes > compactAfter.changes;
  }

  /** A label that is no class is made one: by hand or by a lost line, but a photo has it. */
  #addMissingClasses(): void {
    const used = new Set<string>();
    for (const { labels } of this.assets.values()) for (const label of labels) used.add(label);
    const table = classTable(this.manifest);
    const added = [...used].filter((label) => !table.names.includes(label)).sort();
    if (added.length === 0) return;
    const names = added.map((label) => `"${label}"`).join(', ');
    this.problems.push({ file: manifestName, reason: `it lacked classes that photos have: ${names}` });
    this.manifest = withClassTable(this.manifest, withNames(table, added), this.manifest.classesAt ?? 0);
    this.#manifestBehind = true;
  }

  /** Carries out a step that somebody asks for. */
  async #take({ description, photos = [], classes, undoable = true }: Step): Promise<LabelOperation> {
    if (new Set(photos.map(({ id }) => id)).size < photos.length)
      throw new HolotypeError('failed', `"${description}" changes a photo more than once.`);
    const before = classTable(this.manifest);
    const changes = checkedChanges(photos, {
      classes: (classes ?? before).names,
      task: this.manifest.task,
      assets: this.assets,
    });
    // Parsed, so that the present state is the one that will be read back.
    const wanted = classes && parsedToSave(() => classTableSchema.parse(classes), 'The list of classes');
    const after = wanted && this.#keepingUsed(wanted, before, changes);
    return this.#carryOut({
      action: undoable ? 'change' : 'scan',
      description,
      changes,
      ...(after && !sameTable(before, after) && { classes: { before, after } }),
    });
  }

  /** Carries out a step of the past, forwards or backwards, on the classes as they are by now. */
  async #repeat(
    what: Pick<LabelOperation, 'action' | 'description' | 'changes' | 'of' | 'classes'>,
  ): Promise<LabelOperation> {
    const { classes, ...rest } = what;
    const before = classTable(this.manifest);
    const wanted = classes ? applyTableChange(before, classes.before, classes.after) : before;
    const after = this.#keepingUsed(withNames(wanted, labelsGiven(what.changes)), before, what.changes);
    return this.#carryOut({ ...rest, ...(!sameTable(before, after) && { classes: { before, after } }) });
  }

  /** The table, with those of its former classes that photos still have after the changes. */
  #keepingUsed(table: ClassTable, before: ClassTable, changes: LabelOperation['changes']): ClassTable {
    const gone = new Set(before.names.filter((name) => !table.names.includes(name)));
    if (gone.size === 0) return table;
    const changed = new Set(changes.flatMap(({ id, after }) => (after?.labels || !after ? [id] : [])));
    const used = new Set<string>();
    for (const { id, labels } of this.assets.values())
      if (!changed.has(id)) for (const label of labels) if (gone.has(label)) used.add(label);
    return withNames(table, used);
  }

  async #carryOut(
    what: Pick<LabelOperation, 'action' | 'description' | 'changes' | 'of' | 'classes'>,
  ): Promise<LabelOperation> {
    const operation: LabelOperation = {
      seq: this.#nextSeq,
      time: new Date().toISOString(),
      who: this.#who,
      ...what,
    };
    // First the disk: what a person sees as done is done.
    await this.#writing().append(operation, { sync: true });
    this.#nextSeq += 1;
    this.#remember(operation);
    for (const change of operation.changes) applyChange(this.assets, change);
    if (operation.classes) {
      this.manifest = withClassTable(this.manifest, operation.classes.after, operation.seq);
      // The step is done, for the journal has it: a holotype.json that can't be written now is when it can.
      this.#manifestBehind = true;
      await this.#writeManifest(this.manifest).catch(() => undefined);
    }
    return operation;
  }

  #remember(operation: LabelOperation): void {
    this.#history.add(operation);
    if (operation.action !== 'scan') this.#kept.push(operation);
  }

  async #writeManifest(manifest: ProjectManifest): Promise<void> {
    await writeJsonAtomic(join(this.folder, manifestName), manifest, { confirm: this.#confirm });
    this.manifest = manifest;
    this.#manifestBehind = false;
  }

  #sorted(): Asset[] {
    return [...this.assets.values()].sort((a, b) =>
      a.path < b.path ? -1 : a.path > b.path ? 1 : a.id < b.id ? -1 : 1,
    );
  }

  async #compact(): Promise<void> {
    const journal = this.#writing();
    if (this.#manifestBehind) await this.#writeManifest(this.manifest);
    for (const name of this.#damagedFiles) {
      const path = join(this.folder, name);
      const copy = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      await copyFile(path, copy).catch((error: unknown) => {
        throw storageError(error, copy);
      });
    }
    this.#damagedFiles.clear();
    const files = this.files();
    await writeFileAtomic(join(this.folder, datasetName), files.dataset, { confirm: this.#confirm });
    // A crash here does no harm: the operations of the old journal set the values that dataset.jsonl has now.
    await journal.close(); // Windows can't replace an open file
    this.#journal = undefined;
    const path = join(this.folder, journalName);
    try {
      await writeFileAtomic(path, files.journal, { confirm: this.#confirm });
      this.#nextSeq += 1;
    } finally {
      this.#journal = await appendJsonl(path);
    }
  }

  #note(file: string, { torn, badLines }: JsonlContent<unknown>): void {
    for (const { line, reason } of badLines) this.problems.push({ file, line, reason });
    if (torn) this.problems.push({ file, reason: 'the last line was cut off and has been ignored' });
    if (badLines.length > 0 || (torn && file === datasetName)) this.#damagedFiles.add(file);
  }

  /** @throws HolotypeError('busy') when somebody has taken the project over: nothing may be written any more */
  readonly #confirm = (): void => {
    if (this.#lock === undefined || this.#lock.isHeld()) return;
    const gone = this.takenBy() === undefined;
    if (gone) throw storageError(Object.assign(new Error('gone'), { code: 'ENOENT' }), this.folder);
    this.#lost = true;
    throw this.#taken();
  };

  #taken(): HolotypeError {
    const holder = this.takenBy() ?? 'another program';
    return new HolotypeError(
      'busy',
      `The project "${this.manifest.name}" has been taken over by ${holder}.`,
      {
        remedy: 'Take it over again to go on here.',
        details: { holder },
      },
    );
  }

  #writing(): JsonlWriter {
    if (this.#lost) throw this.#taken();
    if (this.#journal === undefined)
      throw new HolotypeError('failed', `The project "${this.manifest.name}" is not open for writing.`);
    return this.#journal;
  }

  /** One after the other: every operation starts from the state that the one before has left. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      this.#writing();
      this.#confirm();
      return work();
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** Texts as lines of a file, a thousand at a time. */
function* lines(texts: readonly string[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let at = 0; at < texts.length; at += 1_000)
    yield encoder.encode(
      texts
        .slice(at, at + 1_000)
        .map((text) => `${text}\n`)
        .join(''),
    );
}
