import { describe, expect, it } from 'vitest';
import { waits, webHost, type WebPage } from '../../../src/renderer/api/web-host.ts';

/** A socket that a test opens, closes and talks through. */
class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  private readonly listeners: Record<string, ((event: { readonly data: unknown }) => void)[]> = {};
  addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void {
    (this.listeners[type] ??= []).push(listener);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.tell('close');
  }
  tell(type: 'open' | 'close' | 'message', data?: unknown): void {
    this.readyState = type === 'open' ? 1 : type === 'close' ? 3 : this.readyState;
    for (const listener of this.listeners[type] ?? []) listener({ data });
  }
}

function fakePage() {
  const sockets: FakeSocket[] = [];
  const waiting: { milliseconds: number; run: () => void }[] = [];
  const downloads: string[] = [];
  const page: WebPage = {
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    wait: (milliseconds, run) => {
      const one = { milliseconds, run };
      waiting.push(one);
      return () => {
        const at = waiting.indexOf(one);
        if (at !== -1) waiting.splice(at, 1);
      };
    },
    download: (url, name) => downloads.push(`${url} as ${name}`),
  };
  const host = webHost(page);
  const heard: string[] = [];
  host.listen({
    engine: (transport) => {
      heard.push('engine');
      transport.send({ hello: 1 });
    },
    stopped: (message, retry) => heard.push(`${message} ${retry}`),
  });
  const last = (): FakeSocket => sockets.at(-1) ?? new FakeSocket();
  return { host, sockets, waiting, downloads, heard, last };
}

describe("a browser's tab", () => {
  it('connects and talks in JSON', () => {
    const { host, heard, last } = fakePage();
    host.request('automatic');
    expect(heard).toEqual([]);
    last().tell('open');
    expect(heard).toEqual(['engine']);
    expect(last().sent).toEqual(['{"hello":1}']);
  });

  it('connects again by itself, less and less often, and says so', () => {
    const { host, heard, waiting, last, sockets } = fakePage();
    host.request('automatic');
    last().tell('open');
    last().tell('close');
    expect(heard.at(-1)).toMatch(/lost.* true$/);
    const waited: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      const next = waiting.pop();
      waited.push(next?.milliseconds ?? -1);
      next?.run();
      last().tell('close');
    }
    expect(waited.slice(0, waits.length)).toEqual([...waits]);
    expect(waited.at(-1)).toBe(waits.at(-1));
    expect(heard.at(-1)).toMatch(/start it again.* true$/);
    waiting.pop()?.run();
    last().tell('open');
    expect(heard.at(-1)).toBe('engine');
    expect(sockets).toHaveLength(10);
    last().tell('close');
    expect(waiting.at(-1)?.milliseconds).toBe(waits[0]);
  });

  it('tries at once when a person asks, and only once', () => {
    const { host, waiting, last, sockets } = fakePage();
    host.request('automatic');
    last().tell('close');
    expect(waiting).toHaveLength(1);
    host.request('person');
    expect(waiting).toHaveLength(0);
    expect(sockets).toHaveLength(2);
    sockets[0]?.tell('close');
    expect(waiting).toHaveLength(0);
  });

  it('has pictures and files below its own address, and sends what is dropped', async () => {
    const { host, downloads } = fakePage();
    expect(host.mediaUrl('/thumb/a/b/256')).toBe('/media/thumb/a/b/256');
    expect(await host.placesOf([new File([], 'leaf.jpg')])).toEqual([null]);
    expect(await host.save('abc', 'model.zip')).toBe(true);
    expect(downloads).toEqual(['/media/download/abc as model.zip']);
    expect(host.pick).toBeUndefined();
  });
});
