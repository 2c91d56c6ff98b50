import { beforeEach, describe, expect, it, vi } from 'vitest';

const openExternal = vi.fn(async (_url: string) => undefined);
vi.mock('electron', () => ({ shell: { openExternal: (url: string) => openExternal(url) } }));
const { confine, contentSecurityPolicy, denyPermissions, isTrustedSender, openLink, sameOrigin } =
  await import('../../electron/main/security.ts');

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
  it('are all refused', () => {
    let request: ((contents: null, permission: string, answer: (ok: boolean) => void) => void) | undefined;
    let check: (() => boolean) | undefined;
    let device: (() => boolean) | undefined;
    denyPermissions({
      setPermissionRequestHandler: (handler: typeof request) => (request = handler),
      setPermissionCheckHandler: (handler: typeof check) => (check = handler),
      setDevicePermissionHandler: (handler: typeof device) => (device = handler),
    } as unknown as Parameters<typeof denyPermissions>[0]);
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read']) {
      const answer = vi.fn();
      request?.(null, permission, answer);
      expect(answer).toHaveBeenCalledExactlyOnceWith(false);
    }
    expect(check?.()).toBe(false);
    expect(device?.()).toBe(false);
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
});
