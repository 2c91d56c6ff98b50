import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileSystem } from './file-system.ts';

export type LogLevel = 'info' | 'warning' | 'error';

/** A log for people to read, in a few files of bounded size. Never fails: a log is no reason to stop. */
export interface LogFile {
  /** Writes at once, so that the last line before a crash is there. */
  write(level: LogLevel, message: string): void;
  /** The newest lines, oldest first. */
  tail(lines: number): string[];
}

const name = 'holotype.log';
/** Characters of one message that are kept. */
const longestMessage = 20_000;

/**
 * @param folder made at the first line
 * @param limits.bytes a file is put aside at this size
 * @param limits.files how many there are, the current one included
 */
export function openLog(
  folder: string,
  limits: { bytes?: number; files?: number } = {},
  now: () => Date = () => new Date(),
): LogFile {
  const { bytes = 1 << 20, files = 4 } = limits;
  const path = join(folder, name);
  return {
    write: (level, message) => {
      // A line of the file is a line of the log: the rest of a message is set in.
      const text = message.slice(0, longestMessage).replaceAll('\n', '\n    ');
      try {
        mkdirSync(folder, { recursive: true });
        rotate(folder, bytes, files);
        append(path, `${now().toISOString()} ${level} ${text}\n`);
      } catch {
        // A full disk is reported by what needs it.
      }
    },
    tail: (lines) => {
      const all: string[] = [];
      for (const old of [path, ...oldFiles(folder)]) {
        if (all.length >= lines) break;
        try {
          all.unshift(...readFileSync(old, 'utf8').trimEnd().split('\n'));
        } catch {
          // None yet.
        }
      }
      return all.slice(-lines);
    },
  };
}

function append(path: string, text: string): void {
  const file = fileSystem.openSync(path, 'a');
  try {
    fileSystem.writeSync(file, Buffer.from(text));
  } finally {
    fileSystem.closeSync(file);
  }
}

/** `holotype.log` becomes `holotype.1.log`, that one `holotype.2.log`, and so on; the last one goes. */
function rotate(folder: string, bytes: number, files: number): void {
  const path = join(folder, name);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < bytes) return;
  const numbered = (n: number): string => (n === 0 ? path : join(folder, `holotype.${n}.log`));
  rmSync(numbered(files - 1), { force: true });
  for (let n = files - 2; n >= 0; n -= 1) {
    if (statSync(numbered(n), { throwIfNoEntry: false }) !== undefined)
      fileSystem.renameSync(numbered(n), numbered(n + 1));
  }
}

/** Newest first. */
function oldFiles(folder: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // None yet.
  }
  const number = (file: string): number => Number(/^holotype\.(\d+)\.log$/.exec(file)?.[1] ?? Number.NaN);
  return names
    .filter((file) => !Number.isNaN(number(file)))
    .sort((a, b) => number(a) - number(b))
    .map((file) => join(folder, file));
}
