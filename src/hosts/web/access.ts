import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { hostname } from 'node:os';
import { isIP } from 'node:net';

/**
 * Who may use the web host. The token in the address that is printed becomes a cookie with a secret of its own, so
 * that what stays in the browser is useless in an address.
 */
export interface Access {
  readonly keys: AccessKeys;
  /** Whether a text is the token; takes as long for a wrong one as for the right one. */
  isToken(text: string): boolean;
  /** Whether a request's `Cookie` header has our cookie. */
  isAdmitted(cookies: string | undefined): boolean;
  /** The `Set-Cookie` header that admits a browser. */
  cookie(): string;
}

/** What opens a web host: made afresh for each, and kept when one takes the place of another. */
export interface AccessKeys {
  /** In the address. */
  readonly token: string;
  /** In the cookie. */
  readonly secret: string;
}

export function newKeys(): AccessKeys {
  const make = (): string => randomBytes(32).toString('base64url');
  return { token: make(), secret: make() };
}

/** @param port in the cookie's name, for browsers share cookies among the ports of a machine */
export function createAccess(port: number, keys: AccessKeys = newKeys()): Access {
  const { token, secret } = keys;
  const name = `holotype-${port}`;
  return {
    keys,
    isToken: (text) => sameText(text, token),
    isAdmitted: (cookies) => valuesOf(cookies, name).some((value) => sameText(value, secret)),
    cookie: () => `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
  };
}

function valuesOf(cookies: string | undefined, name: string): string[] {
  return (cookies ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

/** Compares in constant time: digests have one length, whatever is sent. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/** Whether an address to listen on is reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return loopbackNames.has(address) || (isIP(address) === 4 && address.startsWith('127.'));
}

/**
 * Whether a request's `Host` header names us. A page elsewhere can make its own name lead to this machine (DNS
 * rebinding), so names we don't know are refused. The port may be another one: that of an SSH tunnel.
 *
 * @param bound what the host listens on. On loopback only loopback's names are ours; else also this machine's name
 *   and addresses in digits, which nobody can rebind
 */
export function isOwnHost(header: string | undefined, bound: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  const name = (match?.[1] ?? match?.[2])?.toLowerCase();
  if (name === undefined) return false;
  if (loopbackNames.has(name)) return true;
  if (isLoopback(bound)) return name === bound;
  const own = hostname().toLowerCase();
  return isIP(name) !== 0 || name === bound.toLowerCase() || name === own || name === `${own}.local`;
}

/** Whether a request's `Origin` header is the page we serve under this `Host`. */
export function isOwnOrigin(origin: string | undefined, host: string): boolean {
  return origin?.toLowerCase() === `http://${host.toLowerCase()}`;
}
