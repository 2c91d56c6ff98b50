import { shell, type Session, type WebContents, type WebFrameMain } from 'electron';
import { mediaScheme, pagePolicy } from '../../src/contract/page.ts';

/**
 * Nothing comes from elsewhere: no inline scripts or styles, no remote content. `media:` is for photos.
 * Sent as a header with every page and file the window loads.
 */
export const contentSecurityPolicy = pagePolicy({ media: `${mediaScheme}:` });

/** The policy of one loading of the page, which lets in styles with its nonce. */
export const policyWithNonce = (nonce: string): string => pagePolicy({ media: `${mediaScheme}:`, nonce });

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

/** What our own page may do without being asked: say that a job has ended, and copy a snippet when a button is pressed. */
const harmless = new Set(['notifications', 'clipboard-sanitized-write']);

/**
 * Refuses everything but what is harmless, and the camera (never the microphone), about which a person is asked; one
 * answer holds until the app ends. All of it only for our own page.
 *
 * @param askForCamera asks the person
 */
export function guardPermissions(session: Session, home: string, askForCamera: () => Promise<boolean>): void {
  let camera: boolean | undefined;
  const own = (url: string | undefined, mainFrame: boolean): boolean =>
    mainFrame && url !== undefined && sameOrigin(url, home);
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    if (!own(details.requestingUrl, details.isMainFrame)) return answer(false);
    if (harmless.has(permission)) return answer(true);
    const wanted = 'mediaTypes' in details ? (details.mediaTypes ?? []) : [];
    if (permission !== 'media' || wanted.length !== 1 || wanted[0] !== 'video') return answer(false);
    if (camera !== undefined) return answer(camera);
    askForCamera().then(
      (allowed) => {
        camera = allowed;
        answer(allowed);
      },
      () => answer(false),
    );
  });
  session.setPermissionCheckHandler((_contents, permission, origin, details) => {
    if (!own(origin, details.isMainFrame)) return false;
    // What isn't allowed yet is asked for, by the handler above.
    return (
      harmless.has(permission) || (permission === 'media' && details.mediaType === 'video' && camera === true)
    );
  });
  session.setDevicePermissionHandler(() => false);
}

/** Whether a message comes from the top frame of our own page. A frame that is gone is not trusted. */
export function isTrustedSender(frame: WebFrameMain | null, home: string): boolean {
  return frame !== null && frame.parent === null && sameOrigin(frame.url, home);
}
