/**
 * Codes a person (or a script) can act on. `exitCode` below says what the command line returns for each.
 */
export const errorCodes = [
  'bad-usage', // the call itself is wrong: unknown option, impossible combination
  'bad-input', // the person's data can't be used: no photos, one class, unreadable CSV, corrupt model
  'not-found', // a file, folder, model or run that isn't there
  'not-supported', // understood, but this build or machine can't do it
  'network', // a download failed: offline, registry down, HTTP error
  'checksum', // bytes are not what their sha256 promises
  'untrusted', // a source without a published hash that nobody has confirmed yet
  'storage', // disk full, read-only folder, drive gone
  'device-lost', // what computed gave up: unplugged, out of memory, its driver restarted
  'busy', // somebody else holds the project or run
  'cancelled', // the person stopped it
  'failed', // everything else: a defect or a broken environment
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** An error as it crosses the wire. Its schema is in error-schema.ts, so that what only throws loads no zod. */
export interface ErrorShape {
  code: ErrorCode;
  /** One or two sentences: what went wrong, naming the thing. */
  message: string;
  /** What the person can do about it. */
  remedy?: string | undefined;
  details?: Record<string, unknown> | undefined;
}

/** The one error type that crosses module, process and wire boundaries. */
export class HolotypeError extends Error {
  override readonly name = 'HolotypeError';
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  /**
   * @param code what kind of trouble this is; see {@link errorCodes}
   * @param message names the thing and the value that is wrong
   * @param options.remedy what to do about it, as a full sentence
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.details = options.details;
  }

  toJSON(): ErrorShape {
    return {
      code: this.code,
      message: this.message,
      ...(this.remedy === undefined ? {} : { remedy: this.remedy }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** The error as it crosses the wire: HolotypeErrors keep their code, anything else becomes `failed`. */
export function toErrorShape(error: unknown): ErrorShape {
  if (error instanceof HolotypeError) return error.toJSON();
  if (error instanceof Error && error.name === 'AbortError')
    return { code: 'cancelled', message: 'Cancelled.' };
  return { code: 'failed', message: error instanceof Error ? error.message : String(error) };
}

/** The error that {@link toErrorShape} made a plain object of. */
export function fromErrorShape({ code, message, remedy, details }: ErrorShape): HolotypeError {
  return new HolotypeError(code, message, {
    ...(remedy === undefined ? {} : { remedy }),
    ...(details === undefined ? {} : { details }),
  });
}

/** Process exit code of the command line: 0 done, 1 failed, 2 bad usage, 3 bad input data, 4 cancelled. */
export function exitCode(code: ErrorCode): 1 | 2 | 3 | 4 {
  switch (code) {
    case 'bad-usage':
      return 2;
    case 'bad-input':
    case 'not-found':
      return 3;
    case 'cancelled':
      return 4;
    default:
      return 1;
  }
}
