import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { skipCodeSchema } from '../contract/dataset.ts';
import { ensureFolder, writeFileAtomic } from './atomic.ts';

/** What is remembered about a file's content: facts, or why it is no photo. */
const contentSchema = z.union([
  z.object({
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    takenAt: z.string().exactOptional(),
    perceptualHash: z.string().regex(/^[0-9a-f]{16}$/),
    colors: z.string().regex(/^[0-9a-f]{96}$/),
  }),
  z.object({ code: skipCodeSchema, reason: z.string() }),
]);
export type ContentFacts = z.infer<typeof contentSchema>;

export interface FileKey {
  /** Absolute path. */
  path: string;
  bytes: number;
  mtimeMs: number;
}

/** Lines longer than this are never written, so never believed. */
const maxLine = 16_384;

/**
 * Remembers what was found out about files, so that a folder that has not changed is opened again without reading
 * a photo. Two kinds of lines in one JSONL file: `["f", path, bytes, mtimeMs, id]` and `["c", id, facts]`. It is only
 * ever appended to; lines that make no sense (torn by a crash, of another version) are ignored; past its limit the
 * older half is dropped. Losing it costs time and nothing else, so trouble with the disk is swallowed.
 */
export class FactsCache {
  private readonly ids = new Map<string, string>();
  private readonly contents = new Map<string, ContentFacts>();
  private pending: string[] = [];
  private readonly path: string;
  private readonly version: string;
  private readonly maxBytes: number;
  private writing: Promise<void> = Promise.resolve();

  private constructor(path: string, version: string, maxBytes: number) {
    this.path = path;
    this.version = version;
    this.maxBytes = maxBytes;
  }

  /**
   * @param path of the JSONL file, made when there is none
   * @param version of the facts: a file that starts with another one is emptied
   * @param maxBytes the file's limit
   */
  static async open(path: string, version: string, maxBytes = 64 * 2 ** 20): Promise<FactsCache> {
    const cache = new FactsCache(path, version, maxBytes);
    await cache.load();
    return cache;
  }

  /** The id of a file that has not changed since it was remembered. */
  idOf(file: FileKey): string | undefined {
    return this.ids.get(keyText(file));
  }

  factsOf(id: string): ContentFacts | undefined {
    return this.contents.get(id);
  }

  remember(file: FileKey, id: string, facts: ContentFacts): void {
    const key = keyText(file);
    if (this.ids.get(key) !== id) {
      this.ids.set(key, id);
      this.pending.push(JSON.stringify(['f', file.path, file.bytes, file.mtimeMs, id]));
    }
    if (!this.contents.has(id)) {
      this.contents.set(id, facts);
      this.pending.push(JSON.stringify(['c', id, facts]));
    }
    if (this.pending.length >= 512) void this.flush();
  }

  /** Appends what is new. */
  flush(): Promise<void> {
    const lines = this.pending.filter((line) => line.length <= maxLine);
    this.pending = [];
    if (lines.length > 0) this.writing = this.writing.then(() => this.append(lines));
    return this.writing;
  }

  private async append(lines: string[]): Promise<void> {
    try {
      const file = await open(this.path, 'a');
      try {
        // A line break first: should the last writer have been cut off, its torn line ends here.
        await file.appendFile(`\n${lines.join('\n')}\n`);
      } finally {
        await file.close();
      }
    } catch {
      // A full or read-only disk: the next opening is slower, that is all.
    }
  }

  private get header(): string {
    return JSON.stringify({ format: 'holotype-facts', version: this.version });
  }

  private async load(): Promise<void> {
    let text = '';
    try {
      text = (await readFile(this.path)).toString('utf8');
    } catch {
      // Not there yet, or unreadable: start afresh.
    }
    const lines = text.split('\n');
    const current = lines[0] === this.header;
    if (current) for (const line of lines) this.learn(line);
    if (current && text.length <= this.maxBytes) return;
    try {
      await ensureFolder(dirname(this.path));
      await writeFileAtomic(
        this.path,
        `${[this.header, ...(current ? this.newest(lines) : [])].join('\n')}\n`,
      );
    } catch {
      // As in append.
    }
  }

  private learn(line: string): void {
    if (line.length > maxLine || !line.startsWith('[') || !line.endsWith(']')) return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    if (!Array.isArray(value)) return;
    const parts: unknown[] = value;
    if (parts[0] === 'f') {
      const [, path, bytes, mtimeMs, id] = parts;
      if (typeof path !== 'string' || typeof bytes !== 'number' || typeof mtimeMs !== 'number') return;
      if (typeof id === 'string' && isId(id)) this.ids.set(keyText({ path, bytes, mtimeMs }), id);
    } else if (parts[0] === 'c') {
      const [, id, facts] = parts;
      const parsed = contentSchema.safeParse(facts);
      if (typeof id === 'string' && isId(id) && parsed.success) this.contents.set(id, parsed.data);
    }
  }

  /** The newest lines that fit into half of the limit. */
  private newest(lines: readonly string[]): string[] {
    const kept: string[] = [];
    let size = 0;
    for (let index = lines.length - 1; index > 0; index -= 1) {
      const line = lines[index] ?? '';
      size += line.length + 1;
      if (size > this.maxBytes / 2) break;
      if (line !== '') kept.push(line);
    }
    return kept.reverse();
  }
}

const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
const keyText = (file: FileKey): string => `${file.bytes} ${file.mtimeMs} ${file.path}`;
