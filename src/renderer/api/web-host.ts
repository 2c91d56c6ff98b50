import { downloadPath } from '../../contract/media.ts';
import { mediaPrefix, socketPath } from '../../contract/page.ts';
import { socketTransport, type SocketLike } from '../../contract/transport.ts';
import type { Host, HostListener } from './host.ts';

/** What of a browser's page this host uses; tests bring their own. */
export interface WebPage {
  /** Opens a connection to the engine. */
  openSocket(): SocketLike;
  /** Waits; returns how to stop waiting. */
  wait(milliseconds: number, run: () => void): () => void;
  /** Has the browser download an address. */
  download(url: string, name: string): void;
}

/** Before the first try and the following ones (ms): a restarted engine is found soon, a gone one isn't hammered. */
export const waits = [250, 500, 1_000, 2_000, 4_000, 5_000] as const;

const lost = 'The connection to the engine is lost. Connecting again…';
const gone =
  'The engine can’t be reached. If “holotype serve” was ended, start it again and open the address it prints.';

/** A browser's tab that `holotype serve` has sent its page to. */
export function webHost(page: WebPage): Host {
  let listener: HostListener | undefined;
  let tries = 0;
  let stopWaiting: (() => void) | undefined;
  let current: SocketLike | undefined;

  const again = (): void => {
    const wait = waits[Math.min(tries, waits.length - 1)] ?? 0;
    tries += 1;
    listener?.stopped(tries < waits.length ? lost : gone, true);
    stopWaiting = page.wait(wait, open);
  };
  const open = (): void => {
    stopWaiting?.();
    const socket = page.openSocket();
    current = socket;
    const transport = socketTransport(socket);
    socket.addEventListener('open', () => {
      tries = 0;
      listener?.engine(transport);
    });
    transport.onClose(() => {
      // A socket that was replaced by hand has nothing to say any more.
      if (current === socket) again();
    });
  };

  return {
    kind: 'web',
    request: open,
    listen: (next) => {
      listener = next;
    },
    mediaUrl: (path) => `${mediaPrefix}${path}`,
    // A page never learns where a dropped file lies: all of them are sent.
    placesOf: async (files) => files.map(() => null),
    save: async (download, name) => {
      page.download(`${mediaPrefix}${downloadPath(download)}`, name);
      return true;
    },
  };
}

/** The real page. */
export function browserPage(page: Window): WebPage {
  return {
    openSocket: () => {
      const { protocol, host } = page.location;
      return new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}${socketPath}`);
    },
    wait: (milliseconds, run) => {
      const timer = page.setTimeout(run, milliseconds);
      return () => page.clearTimeout(timer);
    },
    download: (url, name) => {
      const anchor = page.document.createElement('a');
      anchor.href = url;
      anchor.download = name;
      anchor.click();
    },
  };
}
