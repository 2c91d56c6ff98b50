import { shell, type Session, type WebContents, type WebFrameMain } from 'electron';

/**
 * Nothing comes from elsewhere: no inline scripts or styles, no remote content. `media:` is for photos.
 * Sent as a header with every page and file the window loads.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: media:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

/** Whether two addresses have the same scheme, host and port; false for anything that is no address. */
export function sameOrigin(url: string, other: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(other)) return false;
  const [a, b] = [new URL(url), new URL(other)];
  // `origin` is "null" for schemes such as app:, so the parts are compared.
  return a.protocol === b.protocol && a.host === b.host && a.username === '' && a.password === '';
}

/** Opens a link in the person's browser: https only, and never with a name or password in it. */
export function openLink(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'https:' || username !== '' || password !== '') return false;
  void shell.openExternal(url);
  return true;
}

/** Keeps a window on its own page: no navigation, no new windows, no embedded pages. */
export function confine(contents: WebContents, home: string): void {
  const stay = (event: { preventDefault: () => void }, url: string): void => {
    if (!sameOrigin(url, home)) event.preventDefault();
  };
  contents.on('will-navigate', (event) => stay(event, event.url));
  contents.on('will-redirect', (event) => stay(event, event.url));
  contents.on('will-frame-navigate', (event) => stay(event, event.url));
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openLink(url);
    return { action: 'deny' };
  });
}

/** The window needs no camera, microphone, location, notifications or device: everything is refused. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

/** Whether a message comes from the top frame of our own page. A frame that is gone is not trusted. */
export function isTrustedSender(frame: WebFrameMain | null, home: string): boolean {
  return frame !== null && frame.parent === null && sameOrigin(frame.url, home);
}
