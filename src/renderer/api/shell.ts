import { shellKey, type ConnectReason, type ShellBridge, type ShellMessage } from '../../contract/shell.ts';
import { portTransport, type Transport } from '../../contract/transport.ts';

/** Where connections to the engine come from. */
export interface Shell {
  /** Asks for a connection; it arrives through {@link Shell.listen}. */
  request(reason: ConnectReason): void;
  listen(heard: {
    engine: (transport: Transport) => void;
    stopped: (message: string, retry: boolean) => void;
  }): void;
}

/** The desktop's shell as its preload script shows it to the page. */
export function pageShell(page: Window): Shell {
  const bridge: unknown = Reflect.get(page, shellKey);
  return {
    request: (reason) => {
      if (isBridge(bridge)) bridge.connect(reason);
      else {
        const message = 'This page belongs to the Holotype window and found no engine to talk to.';
        page.postMessage({ holotype: 'engine-stopped', message, retry: false } satisfies ShellMessage, '*');
      }
    },
    listen: ({ engine, stopped }) => {
      page.addEventListener('message', (event) => {
        // Only what this window's own preload script posted; anything else could come from anywhere.
        if (event.source !== page || !isShellMessage(event.data)) return;
        if (event.data.holotype === 'engine-stopped') stopped(event.data.message, event.data.retry);
        else if (event.ports[0] !== undefined) engine(portTransport(event.ports[0]));
      });
    },
  };
}

function isBridge(value: unknown): value is ShellBridge {
  return (
    typeof value === 'object' && value !== null && 'connect' in value && typeof value.connect === 'function'
  );
}

function isShellMessage(value: unknown): value is ShellMessage {
  if (typeof value !== 'object' || value === null || !('holotype' in value)) return false;
  if (value.holotype === 'engine') return true;
  return (
    value.holotype === 'engine-stopped' &&
    'message' in value &&
    typeof value.message === 'string' &&
    'retry' in value &&
    typeof value.retry === 'boolean'
  );
}
