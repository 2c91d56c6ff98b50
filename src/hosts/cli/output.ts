import { toErrorShape } from '../../contract/errors.ts';
import type { ErrorCode } from '../../contract/errors.ts';

/** The one JSON document of a command run with --json. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** For people, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress, warnings and errors, on stderr. */
export function log(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Says what went wrong on stderr and, with --json, as `{error: {code, message, remedy}}` on stdout.
 *
 * @param quiet stderr has been told already
 * @returns the error's code
 */
export function reportError(error: unknown, json: boolean, quiet = false): ErrorCode {
  const shape = toErrorShape(error);
  if (!quiet) {
    log(`${shape.code === 'cancelled' ? '' : 'Error: '}${shape.message}`);
    if (shape.remedy !== undefined) log(shape.remedy);
    if (shape.code === 'failed' && error instanceof Error && process.env['HOLOTYPE_DEBUG'] !== undefined)
      log(error.stack ?? '');
  }
  if (json) printJson({ error: shape });
  return shape.code;
}

/**
 * A signal that Ctrl-C (or a polite kill) aborts; a second Ctrl-C ends the process at once.
 */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(4);
    log('\nStopping; what is done is kept. Press Ctrl-C again to stop at once.');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

/** "1 photo", "2 photos" */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** "93.5%" */
export function percent(share: number | null): string {
  return share === null ? 'not known' : `${(share * 100).toFixed(1)}%`;
}

/** "12.3 MB" */
export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  const units = ['kB', 'MB', 'GB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

/** "8 s", "1 min 20 s" */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
