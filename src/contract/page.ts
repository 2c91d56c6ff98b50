/**
 * What a host and its page agree on before there is a connection: where things are, and what the page may do.
 * Both hosts send the same policy, so that a page that works in one works in the other.
 */

/** Where the web host answers the contract, as a WebSocket. */
export const socketPath = '/engine';

/** Where the web host has pictures and files; see media.ts. */
export const mediaPrefix = '/media';

/** Where the desktop has its page, and pictures and files; see media.ts. */
export const appOrigin = 'app://holotype';
export const mediaScheme = 'media';
export const mediaOrigin = `${mediaScheme}://holotype`;

/**
 * The address of a path of media.ts on the desktop. What the page sends goes to its own origin: to another one a
 * browser lets a page send nothing without being asked about it first.
 */
export const desktopMediaUrl = (path: string): string =>
  /^\/(?:upload|camera)\//.test(path) ? `${appOrigin}${mediaPrefix}${path}` : `${mediaOrigin}${path}`;

/**
 * Name of the `<meta>` whose content is the page's nonce: a `<style>` made at run time needs it to be let in. Of a new
 * value with each loading of the page.
 */
export const nonceName = 'csp-nonce';

export interface PolicyOptions {
  /** Lets in `<style>` elements that carry it. */
  readonly nonce?: string;
  /** Where, but for the page's own address, pictures and files come from: a scheme with its colon. */
  readonly media?: string;
  /** Where, but for the page's own address, the engine is: the origin of a WebSocket. */
  readonly socket?: string;
}

/**
 * The content security policy: nothing from elsewhere, no code but our own files. `blob:` is for pictures that the
 * page itself makes: the camera's, and previews of files that were dropped on it.
 */
export function pagePolicy({ nonce, media, socket }: PolicyOptions = {}): string {
  const list = (...sources: (string | undefined)[]): string => sources.filter(Boolean).join(' ');
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${list("'self'", nonce === undefined ? undefined : `'nonce-${nonce}'`)}`,
    `img-src ${list("'self'", 'data:', 'blob:', media)}`,
    "media-src 'self' blob:",
    "font-src 'self'",
    `connect-src ${list("'self'", media, socket)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

/** What every answer of a host says beside its policy. The camera is for the page alone, and asked for. */
export const safetyHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=(), display-capture=(), usb=()',
};

/** The page with its nonce in it. @param html with a `<head>` */
export function withNonce(html: string, nonce: string): string {
  return html.replace(/<head>/i, (head) => `${head}<meta name="${nonceName}" content="${nonce}" />`);
}
