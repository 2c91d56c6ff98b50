import { beforeEach, describe, expect, it, vi } from 'vitest';

const openExternal = vi.fn(async (_url: string) => undefined);
vi.mock('electron', () => ({ shell: { openExternal: (url: string) => openExternal(url) } }));
const {
  confine,
  contentSecurityPolicy,
  guardPermissions,
  isTrustedSender,
  openLink,
  policyWithNonce,
  sameOrigin,
} = await import('../../electron/main/security.ts');

const home = 'app://holotype/index.html';
beforeEach(() => openExternal.mockClear());

describe('links', () => {
  it.each(['https://example.org/help', 'https://example.org:8443/a?b#c'])('opens %s outside', (url) => {
    expect(openLink(url)).toBe(true);
    expect(openExternal).toHaveBeenCalledExactlyOnceWith(url);
  });
  it.each([
    'http://example.org',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,hi',
    'smb://host/share',
    'app://holotype/index.html',
    'https://user:secret@example.org',
    'ms-settings:',
    'not a url',
    '',
  ])('does not open %j', (url) => {
    expect(openLink(url)).toBe(false);
    expect(openExternal).not.toHaveBeenCalled();
  });
});

describe('origins', () => {
  it.each([
    ['app://holotype/other.html', true],
    ['app://holotype', true],
    ['app://holotype.evil/index.html', false],
    ['app://evil/index.html', false],
    ['app://user@holotype/index.html', false],
    ['https://holotype/index.html', false],
    ['about:blank', false],
    ['rubbish', false],
  ])('%s is home: %s', (url, expected) => {
    expect(sameOrigin(url, home)).toBe(expected);
  });
});

describe('a confined window', () => {
  type Listener = (event: { url: string; preventDefault: () => void }) => void;
  function confined() {
    const listeners = new Map<string, Listener>();
    let opened: ((details: { url: string }) => unknown) | undefined;
    confine(
      {
        on: (name: string, listener: Listener) => listeners.set(name, listener),
        setWindowOpenHandler: (handler: typeof opened) => (opened = handler),
      } as unknown as Parameters<typeof confine>[0],
      home,
    );
    const prevented = (name: string, url: string): boolean => {
      const preventDefault = vi.fn();
      listeners.get(name)?.({ url, preventDefault });
      return preventDefault.mock.calls.length > 0;
    };
    return { prevented, open: (url: string) => opened?.({ url }) };
  }

  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate'])('stays on its own page: %s', (name) => {
    const { prevented } = confined();
    expect(prevented(name, 'https://example.org')).toBe(true);
    expect(prevented(name, 'file:///etc/passwd')).toBe(true);
    expect(prevented(name, home)).toBe(false);
  });

  it('embeds nothing', () => {
    expect(confined().prevented('will-attach-webview', home)).toBe(true);
  });

  it('opens no window; an https link goes to the browser', () => {
    const { open } = confined();
    expect(open('https://example.org')).toEqual({ action: 'deny' });
    expect(open(home)).toEqual({ action: 'deny' });
    expect(openExternal).toHaveBeenCalledExactlyOnceWith('https://example.org');
  });
});

describe('permissions', () => {
  interface Details {
    requestingUrl?: string;
    isMainFrame: boolean;
    mediaTypes?: string[];
    mediaType?: string;
  }
  type Request = (
    contents: null,
    permission: string,
    answer: (ok: boolean) => void,
    details: Details,
  ) => void;
  type Check = (contents: null, permission: string, origin: string, details: Details) => boolean;
  function guarded(camera: () => Promise<boolean> = async () => true) {
    let [request, check, device]: [Request?, Check?, (() => boolean)?] = [];
    const ask = vi.fn(camera);
    guardPermissions(
      {
        setPermissionRequestHandler: (handler: Request) => (request = handler),
        setPermissionCheckHandler: (handler: Check) => (check = handler),
        setDevicePermissionHandler: (handler: () => boolean) => (device = handler),
      } as unknown as Parameters<typeof guardPermissions>[0],
      home,
      ask,
    );
    const wants = (permission: string, over: Partial<Details> = {}): Promise<boolean> =>
      new Promise((resolve) => {
        request?.(null, permission, resolve, { requestingUrl: home, isMainFrame: true, ...over });
      });
    const has = (permission: string, origin = home, over: Partial<Details> = {}): boolean | undefined =>
      check?.(null, permission, origin, { isMainFrame: true, ...over });
    return { wants, has, ask, device: () => device?.() };
  }
  const video = { mediaTypes: ['video'] };

  it.each([
    'geolocation',
    'openExternal',
    'clipboard-read',
    'display-capture',
    'midiSysex',
    'hid',
    'serial',
    'usb',
    'fileSystem',
    'fullscreen',
    'pointerLock',
    'mediaKeySystem',
    'local-fonts',
    'unknown',
  ])('%s is refused', async (permission) => {
    const { wants, has, device } = guarded();
    expect(await wants(permission)).toBe(false);
    expect(has(permission)).toBe(false);
    expect(device()).toBe(false);
  });

  it('the camera is asked for, once', async () => {
    const { wants, has, ask } = guarded();
    expect(has('media', home, { mediaType: 'video' })).toBe(false);
    expect(await wants('media', video)).toBe(true);
    expect(has('media', home, { mediaType: 'video' })).toBe(true);
    expect(await wants('media', video)).toBe(true);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('the camera stays off when a person says no, or can not be asked', async () => {
    const refused = guarded(async () => false);
    expect(await refused.wants('media', video)).toBe(false);
    expect(await refused.wants('media', video)).toBe(false);
    expect(refused.ask).toHaveBeenCalledTimes(1);
    expect(refused.has('media', home, { mediaType: 'video' })).toBe(false);
    const broken = guarded(() => Promise.reject(new Error('no window')));
    expect(await broken.wants('media', video)).toBe(false);
  });

  it.each([
    ['the microphone', { mediaTypes: ['audio'] }],
    ['camera and microphone', { mediaTypes: ['video', 'audio'] }],
    ['nothing in particular', {}],
    ['nothing', { mediaTypes: [] }],
  ])('%s is never asked for', async (_what, details) => {
    const { wants, has, ask } = guarded();
    expect(await wants('media', details)).toBe(false);
    expect(has('media', home, { mediaType: 'audio' })).toBe(false);
    expect(has('media', home, { mediaType: 'unknown' })).toBe(false);
    expect(ask).not.toHaveBeenCalled();
  });

  it('notices and copying are our own page\u2019s, unasked', async () => {
    const { wants, has } = guarded();
    for (const permission of ['notifications', 'clipboard-sanitized-write']) {
      expect(await wants(permission)).toBe(true);
      expect(has(permission)).toBe(true);
      expect(await wants(permission, { requestingUrl: 'https://example.org' })).toBe(false);
      expect(has(permission, 'https://example.org')).toBe(false);
    }
  });

  it.each([
    ['another page', { requestingUrl: 'https://example.org' }],
    ['a page that looks like ours', { requestingUrl: 'app://holotype.evil/index.html' }],
    ['a frame in ours', { isMainFrame: false }],
  ])('%s gets nothing at all', async (_who, details) => {
    const { wants, ask } = guarded();
    expect(await wants('media', { ...video, ...details })).toBe(false);
    expect(await wants('notifications', details)).toBe(false);
    expect(ask).not.toHaveBeenCalled();
  });
});

describe('who may ask for the engine', () => {
  const frame = (url: string, parent: object | null = null) =>
    ({ url, parent }) as unknown as Parameters<typeof isTrustedSender>[0];
  it.each([
    ['the page itself', frame(home), true],
    ['a frame inside it', frame(home, {}), false],
    ['another page', frame('https://example.org'), false],
    ['a frame that is gone', null, false],
  ])('%s', (_who, sender, expected) => {
    expect(isTrustedSender(sender, home)).toBe(expected);
  });
});

describe('the content security policy', () => {
  it('starts from nothing and allows no inline code and no address elsewhere', () => {
    expect(contentSecurityPolicy).toMatch(/^default-src 'none';/);
    expect(contentSecurityPolicy).toContain("script-src 'self';");
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|http/);
  });

  it('lets in pictures of the engine, and styles that carry the nonce', () => {
    expect(contentSecurityPolicy).toMatch(/img-src [^;]*media:/);
    expect(contentSecurityPolicy).toMatch(/connect-src 'self' media:;/);
    expect(contentSecurityPolicy).not.toContain('nonce');
    expect(policyWithNonce('abc')).toContain("style-src 'self' 'nonce-abc';");
    expect(policyWithNonce('abc')).toContain("script-src 'self';");
  });
});
