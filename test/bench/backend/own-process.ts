/** Measurements in a process of their own: for what they need of memory, or because nothing else could stop them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PartWatch } from './part.ts';

const execute = promisify(execFile);

/** The script that is running, which a process of its own starts again. */
export interface Script {
  readonly path: string;
  readonly folder: string;
}

/**
 * Starts the benchmark again for one thing.
 *
 * @param what as its option --own takes it
 * @returns what it wrote to stdout; undefined: it was ended because it took longer than the limit
 * @throws the signal's reason when interrupted, else an error with what it wrote to stderr
 */
export async function runOwn(
  { path, folder }: Script,
  what: string,
  { signal, limitMs }: Pick<PartWatch, 'signal' | 'limitMs'>,
): Promise<string | undefined> {
  try {
    const options = { cwd: folder, signal, timeout: limitMs, killSignal: 'SIGKILL' } as const;
    return (await execute(process.execPath, [path, '--own', what], options)).stdout;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'killed' in error && error.killed === true) return undefined;
    throw error;
  }
}
