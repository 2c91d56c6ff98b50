/** What can go wrong with a download, told in words a person can act on. */
import { HolotypeError } from '../contract/errors.ts';

/** A failure that trying again may cure. */
export class Interrupted extends Error {}

/** The part on disk isn't the beginning of what the server has now. */
export class Restart extends Error {
  constructor() {
    super('the server answered with a part of the file that nobody asked for');
  }
}

export function mismatch(url: string, how: string, contentType: string | null): HolotypeError {
  const page = contentType?.startsWith('text/html')
    ? ' It is a web page: perhaps the login page of the network you are in.'
    : '';
  return new HolotypeError(
    'checksum',
    `The file from ${url} is not the one that was published: ${how}.${page}`,
    {
      remedy:
        'Nothing of it was kept. Try again later or from another network; if it stays so, get the file elsewhere and run `holotype models import FILE`.',
      details: { url },
    },
  );
}

/** What went wrong on the way, and how to do without the network. */
export function networkError(url: string, reason: string, cause?: unknown): HolotypeError {
  return new HolotypeError('network', `${url} could not be downloaded: ${reason}.`, {
    remedy:
      'Check the connection (and HTTPS_PROXY, if you are behind a proxy) and run the command again: it goes on where it stopped. Without a connection, download that address on another machine and run `holotype models import FILE` here.',
    details: { url },
    cause,
  });
}

export function translate(
  url: string,
  error: unknown,
  watch: StallWatch,
  signal: AbortSignal | undefined,
): unknown {
  if (error instanceof HolotypeError || error instanceof Interrupted || error instanceof Restart)
    return error;
  if (signal?.aborted) return cancelled();
  if (watch.stalled) return new Interrupted('nothing came for a while', { cause: error });
  // fetch hides the reason ("fetch failed") in a chain of causes.
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  const code = innermost instanceof Error && 'code' in innermost ? String(innermost.code) : '';
  const hopeless = hopelessCodes[code];
  if (hopeless !== undefined) return networkError(url, hopeless, error);
  const reason = innermost instanceof Error ? innermost.message || code : String(error);
  return new Interrupted(reason || 'the connection failed', { cause: error });
}

/** Failures that a second attempt a moment later doesn't cure. */
const hopelessCodes: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the address was not found (no connection?)',
  EAI_AGAIN: 'the address could not be looked up (no connection?)',
  ECONNREFUSED: 'the server refuses connections',
  ENETUNREACH: 'there is no network',
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not trusted (NODE_EXTRA_CA_CERTS adds one)",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not trusted (NODE_EXTRA_CA_CERTS adds one)",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not trusted (NODE_EXTRA_CA_CERTS adds one)",
};

/** Aborts when nothing came for a while, or when the person cancels. */
export class StallWatch {
  stalled = false;
  readonly signal: AbortSignal;
  readonly #stall = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(time: number, signal: AbortSignal | undefined) {
    this.signal = signal ? AbortSignal.any([signal, this.#stall.signal]) : this.#stall.signal;
    this.#timer = setTimeout(() => {
      this.stalled = true;
      this.#stall.abort();
    }, time);
  }

  alive(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

export function cancelled(): HolotypeError {
  return new HolotypeError('cancelled', 'The download was cancelled; the next one goes on where it stopped.');
}
