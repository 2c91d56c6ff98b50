/** One test or more for each way into the web host that has to be shut. */
import { connect as connectTcp } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { createClient } from '../../../src/contract/client.ts';
import { socketTransport } from '../../../src/contract/transport.ts';
import { createAccess, isLoopback, isOwnHost, isOwnOrigin } from '../../../src/hosts/web/access.ts';
import { openHost, page, type TestHost } from './web-testing.ts';

let host: TestHost;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.close());

describe('the token', () => {
  it('is long, random and another one each time', () => {
    const tokens = Array.from({ length: 20 }, () => createAccess(1).keys.token);
    expect(new Set(tokens).size).toBe(20);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  it('becomes a cookie by redirect, and leaves the address', async () => {
    const answer = await host.send(`/?token=${host.keys.token}`, { admitted: false });
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^holotype-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(host.keys.token);
  });

  it.each([
    ['none', '/'],
    ['an empty one', '/?token='],
    ['a wrong one', '/?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['one twice', '/?token=x&token=y'],
    ['a very long one', `/?token=${'a'.repeat(8000)}`],
  ])('admits nobody with %s', async (_what, path) => {
    const answer = await host.send(path, { admitted: false });
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.text).not.toContain('<');
  });

  it('admits nobody with its beginning', async () => {
    const answer = await host.send(`/?token=${host.keys.token.slice(0, -1)}`, { admitted: false });
    expect(answer.status).toBe(401);
  });

  it('counts in the address of the page alone', async () => {
    const path = `/assets/index-AbCd1234.js?token=${host.keys.token}`;
    expect((await host.send(path, { admitted: false })).status).toBe(401);
  });
});

describe('the cookie', () => {
  it.each(['/', '/index.html', '/assets/index-AbCd1234.js', '/media/thumb/x', '/nothing'])(
    'is needed for %s',
    async (path) => {
      const answer = await host.send(path, { admitted: false });
      expect(answer.status).toBe(401);
      expect(answer.text).not.toContain('console.log');
    },
  );

  it('is not the token, nor anything else', async () => {
    const [name = ''] = host.cookie.split('=');
    for (const value of [host.keys.token, '', 'x', `${host.cookie.split('=')[1]}x`]) {
      const cookie = `${name}=${value}`;
      expect((await host.send('/', { admitted: false, headers: { cookie } })).status).toBe(401);
    }
  });

  it('is found among others', async () => {
    const cookie = `a=b; ${host.cookie}; c=d`;
    expect((await host.send('/', { admitted: false, headers: { cookie } })).status).toBe(200);
  });

  it('of one port does not open another', async () => {
    const other = await openHost();
    try {
      expect((await other.send('/', { admitted: false, headers: { cookie: host.cookie } })).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('is asked for again by ourselves when a link on another site has led here, but only once', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    const first = await host.send('/', { admitted: false, headers });
    expect(first.status).toBe(200);
    expect(first.text).toContain('http-equiv="refresh"');
    expect(first.text).not.toContain('csp-nonce');
    const again = { 'sec-fetch-site': 'same-origin' };
    expect((await host.send('/', { admitted: false, headers: again })).status).toBe(401);
    expect((await host.send('/assets/index-AbCd1234.js', { admitted: false, headers })).status).toBe(401);
  });
});

describe('the Host header', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '192.168.1.7',
    '[::2]',
    '127.0.0.1@evil',
    ' ',
  ])('%j is not ours, whatever leads it here', async (name) => {
    const answer = await host.send('/', { headers: { host: name } });
    expect([400, 421]).toContain(answer.status);
    expect(answer.text).not.toContain('csp-nonce');
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1:9000', '[::1]:9000'])(
    '%j is ours, also behind an SSH tunnel of another port',
    async (name) => {
      expect((await host.send('/', { headers: { host: name } })).status).toBe(200);
    },
  );

  it('knows more names when others may reach it, but none that can be rebound', () => {
    expect(isOwnHost('192.168.1.7:8642', '0.0.0.0')).toBe(true);
    expect(isOwnHost('[fe80::1]:8642', '::')).toBe(true);
    expect(isOwnHost('lab.example:8642', 'lab.example')).toBe(true);
    expect(isOwnHost('evil.example', '0.0.0.0')).toBe(false);
    expect(isOwnHost('evil.example', '192.168.1.7')).toBe(false);
    expect(isOwnHost(undefined, '0.0.0.0')).toBe(false);
  });
});

describe('the Origin header', () => {
  it.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://127.0.0.1', 'file://'])(
    'of another page (%s) is refused, cookie or not',
    async (origin) => {
      const answer = await host.send('/assets/index-AbCd1234.js', { headers: { origin } });
      expect(answer.status).toBe(403);
    },
  );

  it('of our page is fine', async () => {
    expect((await host.send('/', { headers: { origin: host.origin } })).status).toBe(200);
  });

  it('has to fit the Host header to the letter', () => {
    expect(isOwnOrigin('http://localhost:1', 'localhost:1')).toBe(true);
    expect(isOwnOrigin('http://localhost:2', 'localhost:1')).toBe(false);
    expect(isOwnOrigin('http://localhost:1/', 'localhost:1')).toBe(false);
    expect(isOwnOrigin(undefined, 'localhost:1')).toBe(false);
  });

  it('is answered without letting other sites read anything', async () => {
    for (const path of ['/', '/assets/index-AbCd1234.js', '/media/thumb/x']) {
      const { headers } = await host.send(path);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('paths', () => {
  const secrets = [
    '/../package.json',
    '/../../etc/passwd',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/%2e%2e%2fpackage.json',
    '/..%2fpackage.json',
    '/%252e%252e%252fpackage.json',
    '/..%252fpackage.json',
    '/..\\package.json',
    '/..%5cpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '/%00',
    '/index.html%00.js',
    '/assets/index-AbCd1234.js%00.png',
    '//etc/passwd',
    '/C:/Windows/win.ini',
    '/file:///etc/passwd',
    '/%c0%ae%c0%ae/package.json',
    '/....//package.json',
    '/assets',
    '/assets/',
    '/./assets/index-AbCd1234.js',
  ];
  it.each(secrets)('%s leads nowhere', async (path) => {
    const answer = await host.send(path);
    expect(answer.status).toBe(404);
    expect(answer.text).toBe('Not found.');
  });

  it('below media are passed on as they came: their ids are checked there', async () => {
    host.service.asked.length = 0;
    await host.send('/media/..%2f..%2fetc/passwd?x=1');
    expect(host.service.asked.map(({ path }) => path)).toEqual(['/..%2f..%2fetc/passwd']);
  });

  it.each(['http://127.0.0.1/', '*', 'index.html'])('%s is no address of ours', async (path) => {
    expect([400, 404]).toContain((await host.send(path)).status);
  });
});

describe('methods', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s does nothing to the page and to pictures',
    async (method) => {
      host.service.asked.length = 0;
      for (const path of ['/', '/assets/index-AbCd1234.js', '/media/thumb/x', '/media/download/x']) {
        const answer = await host.send(path, { method, headers: { origin: host.origin } });
        expect(answer.status).toBe(405);
        expect(answer.headers.allow).toBe('GET, HEAD');
      }
      expect(host.service.asked).toEqual([]);
    },
  );

  it('PUT and POST go to uploads and camera, each its own', async () => {
    const headers = { origin: host.origin };
    expect((await host.send('/media/upload/x/a.jpg', { method: 'POST', headers })).status).toBe(405);
    expect((await host.send('/media/camera/x/y', { method: 'PUT', headers })).status).toBe(405);
    expect((await host.send('/media/upload/x/a.jpg', { method: 'PUT', headers, body: 'x' })).status).toBe(
      200,
    );
    expect((await host.send('/media/camera/x/y', { method: 'POST', headers, body: 'x' })).status).toBe(200);
  });

  it.each([
    ['without an origin', {}],
    ['of another origin', { origin: 'http://evil.example' }],
  ])('PUT and POST %s are refused, cookie or not', async (_what, headers) => {
    host.service.asked.length = 0;
    expect((await host.send('/media/upload/x/a.jpg', { method: 'PUT', headers, body: 'x' })).status).toBe(
      403,
    );
    expect((await host.send('/media/camera/x/y', { method: 'POST', headers, body: 'x' })).status).toBe(403);
    expect(host.service.asked).toEqual([]);
  });

  it('PUT without the cookie is refused before its body is read', async () => {
    host.service.asked.length = 0;
    const answer = await host.send('/media/upload/x/a.jpg', {
      method: 'PUT',
      admitted: false,
      headers: { origin: host.origin },
      body: new Uint8Array(100_000),
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.connection).toBe('close');
    expect(host.service.asked).toEqual([]);
  });

  it('HEAD says the same as GET, without a body', async () => {
    const answer = await host.send('/', { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(page.length);
    expect(answer.body).toHaveLength(0);
  });
});

describe('every answer', () => {
  it.each([
    ['the page', '/', 200, true],
    ['a file of the page', '/assets/index-AbCd1234.js', 200, true],
    ['a picture', '/media/thumb/x', 200, true],
    ['what is not there', '/nothing', 404, true],
    ['a refusal', '/', 401, false],
  ])('%s has the strict policy and tells nobody anything', async (_what, path, status, admitted) => {
    const { status: got, headers } = await host.send(path, { admitted });
    expect(got).toBe(status);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['server']).toBeUndefined();
  });

  it('of the page carries a nonce of its own, the same in header and page', async () => {
    const nonces = await Promise.all(
      [1, 2, 3].map(async () => {
        const { headers, text } = await host.send('/');
        const [, inPage] = /<meta name="csp-nonce" content="([^"]+)"/.exec(text) ?? [];
        expect(headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${inPage}'`);
        expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*nonce/);
        return inPage;
      }),
    );
    expect(new Set(nonces).size).toBe(3);
  });
});

describe('the WebSocket', () => {
  const url = (): string => `ws://127.0.0.1:${host.port}/engine`;
  /** The status a connection is refused with, or 101. */
  function knock(address: string, options: ClientOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(address, options);
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        socket.terminate();
      });
      socket.on('open', () => {
        resolve(101);
        socket.close();
      });
      socket.on('error', reject);
    });
  }

  it('opens for our page with our cookie and answers the contract', async () => {
    const socket = new WebSocket(url(), { origin: host.origin, headers: { cookie: host.cookie } });
    const client = createClient(socketTransport(socket));
    expect((await client.call('app.info', {})).name).toBe('Holotype');
    client.close();
  });

  it.each([
    ['without the cookie', () => ({ origin: host.origin }), 401],
    ['with a wrong cookie', () => ({ origin: host.origin, headers: { cookie: `${host.cookie}x` } }), 401],
    [
      'with the token as cookie',
      () => ({ origin: host.origin, headers: { cookie: `holotype-${host.port}=${host.keys.token}` } }),
      401,
    ],
    ['for another page', () => ({ origin: 'http://evil.example', headers: { cookie: host.cookie } }), 403],
    ['without an origin', () => ({ headers: { cookie: host.cookie } }), 403],
    [
      'under another name',
      () => ({ origin: 'http://evil.example', headers: { cookie: host.cookie, host: 'evil.example' } }),
      421,
    ],
  ])('stays shut %s', async (_what, options, status) => {
    expect(await knock(url(), options())).toBe(status);
  });

  it('is nowhere else', async () => {
    const options = { origin: host.origin, headers: { cookie: host.cookie } };
    expect(await knock(`ws://127.0.0.1:${host.port}/`, options)).toBe(404);
    expect(await knock(`ws://127.0.0.1:${host.port}/engine/../x`, options)).toBe(404);
  });

  it('takes no token in its address', async () => {
    expect(await knock(`${url()}?token=${host.keys.token}`, { origin: host.origin })).toBe(401);
  });
});

describe('where it listens', () => {
  it('is loopback alone: no other address of this machine answers', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      const reached = await new Promise<boolean>((resolve) => {
        const socket = connectTcp({ host: address, port: host.port });
        socket.on('connect', () => {
          resolve(true);
          socket.destroy();
        });
        socket.on('error', () => resolve(false));
      });
      expect(reached).toBe(false);
    }
    expect(new URL(host.address).hostname).toBe('127.0.0.1');
  });

  it('is told apart from what others can reach', () => {
    for (const own of ['127.0.0.1', '127.0.1.1', '::1', 'localhost']) expect(isLoopback(own)).toBe(true);
    for (const open of ['0.0.0.0', '::', '192.168.1.7', 'lab', '127.0.0.1.evil'])
      expect(isLoopback(open)).toBe(false);
  });

  it('names an address that can be opened when it is all of them', async () => {
    const open = await openHost({}, '0.0.0.0');
    const { hostname, port } = new URL(open.address);
    expect(hostname).not.toBe('0.0.0.0');
    expect(isOwnHost(`${hostname}:${port}`, '0.0.0.0')).toBe(true);
    await open.close();
  });
});

describe('trouble inside', () => {
  it('is answered without a word about it', async () => {
    const broken = await openHost({
      media: () => {
        throw new Error('secret /home/ada');
      },
    });
    const answer = await broken.send('/media/thumb/x');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('ada');
    await broken.close();
  });

  it('survives a connection that breaks off in the middle of a request', async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: host.port });
    socket.write(`PUT /media/upload/x/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n`);
    await vi.waitFor(() => expect(socket.readyState).toBe('open'));
    socket.destroy();
    expect((await host.send('/')).status).toBe(200);
  });
});
