import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { assetSchema, journalEntrySchema, projectFormatVersion } from '../contract/project.ts';
import type { Asset, JournalEntry, LabelOperation, ProjectManifest } from '../contract/project.ts';
import { cleanTemporaryFiles, writeFileAtomic, writeJsonAtomic } from './atomic.ts';
import { appendJsonl, readJsonl } from './jsonl.ts';
import type { JsonlContent, JsonlWriter } from './jsonl.ts';
import { applyChange, checkedChange, inverse } from './label-changes.ts';
import type { RequestedChange } from './label-changes.ts';
import { keptHistory, LabelHistory } from './label-history.ts';
import type { Lock } from './lock.ts';
import { checkedManifest, manifestName } from './project-manifest.ts';
import { upgrader } from './project-migrations.ts';
import type { Project, ProjectProblem } from './project.ts';
import { storageError } from './storage-error.ts';

export const journalName = 'labels.journal.jsonl';
const datasetName = 'dataset.jsonl';
/** A journal with more operations than this is compacted when the project is opened. */
const compactAfter = 1_000;

/** The one implementation of {@link Project}. */
export class ProjectFolder implements Project {
  readonly folder: string;
  manifest: ProjectManifest;
  readonly assets = new Map<string, Asset>();
  readonly problems: ProjectProblem[] = [];
  readonly #history = new LabelHistory();
  readonly #who: string;
  /** The newest operations: what stays in the journal when it is compacted. */
  readonly #kept: LabelOperation[] = [];
  #nextSeq = 1;
  #lock: Lock | undefined;
  #journal: JsonlWriter | undefined;
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
    this.#nextSeq = lastSeq + journal.badLines.length + 1;

    if (lock === undefined) return;
    await cleanTemporaryFiles(this.folder);
    this.#journal = await appendJsonl(join(this.folder, journalName));
    if (version < projectFormatVersion || pending > compactAfter) await this.#compact();
    if (version < projectFormatVersion) await writeJsonAtomic(join(this.folder, manifestName), this.manifest);
  }

  updateManifest(
    patch: Partial<Pick<ProjectManifest, 'name' | 'task' | 'classes' | 'settings'>>,
  ): Promise<void> {
    return this.#exclusive(async () => {
      const manifest = checkedManifest({ ...this.manifest, ...patch });
      await writeJsonAtomic(join(this.folder, manifestName), manifest);
      this.manifest = manifest;
    });
  }

  change(description: string, changes: readonly RequestedChange[]): Promise<LabelOperation> {
    return this.#exclusive(() => {
      const ids = new Set(changes.map(({ id }) => id));
      if (ids.size < changes.length)
        throw new HolotypeError('failed', `"${description}" changes a photo more than once.`);
      const checked = changes.map((change) => checkedChange(change, this.manifest, this.assets));
      return this.#carryOut({ action: 'change', description, changes: checked });
    });
  }

  undo(): Promise<LabelOperation | undefined> {
    return this.#exclusive(async () => {
      const last = this.undoable.at(-1);
      if (last === undefined) return undefined;
      const { seq: of, description } = last;
      const changes = last.changes.toReversed().map(inverse);
      return this.#carryOut({ action: 'undo', of, description, changes });
    });
  }

  redo(): Promise<LabelOperation | undefined> {
    return this.#exclusive(async () => {
      const last = this.redoable.at(-1);
      if (last === undefined) return undefined;
      const { seq: of, description, changes } = last;
      return this.#carryOut({ action: 'redo', of, description, changes });
    });
  }

  compact(): Promise<void> {
    return this.#exclusive(() => this.#compact());
  }

  async close(): Promise<void> {
    await this.#queue;
    const journal = this.#journal;
    this.#journal = undefined;
    try {
      await journal?.close();
    } finally {
      this.#lock?.release();
      this.#lock = undefined;
    }
  }

  /** Returns how many operations are not in dataset.jsonl yet. */
  #replay(entries: readonly JournalEntry[]): number {
    const compacted = entries.findLastIndex(({ action }) => action === 'compacted');
    let pending = 0;
    for (const [at, entry] of entries.entries()) {
      if (entry.action === 'compacted') continue;
      this.#remember(entry);
      if (at < compacted) continue;
      pending += 1;
      for (const change of entry.changes) {
        const problem = applyChange(this.assets, change);
        if (problem !== undefined)
          this.problems.push({ file: journalName, reason: `operation ${entry.seq}: ${problem}` });
      }
    }
    return pending;
  }

  async #carryOut(
    what: Pick<LabelOperation, 'action' | 'description' | 'changes' | 'of'>,
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
    return operation;
  }

  #remember(operation: LabelOperation): void {
    this.#history.add(operation);
    this.#kept.push(operation);
    if (this.#kept.length > keptHistory) this.#kept.shift();
  }

  async #compact(): Promise<void> {
    const journal = this.#writing();
    for (const name of this.#damagedFiles) {
      const path = join(this.folder, name);
      const copy = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      await copyFile(path, copy).catch((error: unknown) => {
        throw storageError(error, copy);
      });
    }
    this.#damagedFiles.clear();
    const assets = [...this.assets.values()].sort((a, b) =>
      a.path < b.path ? -1 : a.path > b.path ? 1 : a.id < b.id ? -1 : 1,
    );
    await writeFileAtomic(join(this.folder, datasetName), lines(assets));
    // A crash here does no harm: the operations of the old journal set the values that dataset.jsonl has now.
    const marker: JournalEntry = {
      seq: this.#nextSeq,
      time: new Date().toISOString(),
      action: 'compacted',
    };
    await journal.close(); // Windows can't replace an open file
    this.#journal = undefined;
    const path = join(this.folder, journalName);
    try {
      await writeFileAtomic(path, lines([...this.#kept, marker]));
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

  #writing(): JsonlWriter {
    if (this.#journal === undefined)
      throw new HolotypeError('failed', `The project "${this.manifest.name}" is not open for writing.`);
    return this.#journal;
  }

  /** One after the other: every operation starts from the state that the one before has left. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      this.#writing();
      return work();
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function* lines(records: readonly unknown[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let at = 0; at < records.length; at += 1_000) {
    const part = records.slice(at, at + 1_000).map((record) => `${JSON.stringify(record)}\n`);
    yield encoder.encode(part.join(''));
  }
}
