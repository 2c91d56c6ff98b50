import { desktopMediaUrl } from '../../contract/page.ts';
import { shellKey, type ShellBridge, type ShellMessage } from '../../contract/shell.ts';
import { portTransport } from '../../contract/transport.ts';
import type { Host } from './host.ts';

/** What the preload script shows the page; undefined in a browser. */
export function shellBridge(page: Window): ShellBridge | undefined {
  const bridge: unknown = Reflect.get(page, shellKey);
  // The preload script is ours and is typed by the same interface.
  return typeof bridge === 'object' && bridge !== null && 'connect' in bridge
    ? (bridge as ShellBridge)
    : undefined;
}

/** The desktop's window, through its preload script. */
export function desktopHost(page: Window, bridge: ShellBridge): Host {
  return {
    kind: 'desktop',
    request: (reason) => bridge.connect(reason),
    listen: (listener) => {
      page.addEventListener('message', (event) => {
        // Only what this window's own preload script posted; anything else could come from anywhere.
        if (event.source !== page || !isShellMessage(event.data)) return;
        if (event.data.holotype === 'engine') {
          if (event.ports[0] !== undefined) listener.engine(portTransport(event.ports[0]));
          return;
        }
        const { message, retry } = event.data;
        listener.stopped(message, retry);
        if (retry) bridge.connect('automatic');
      });
    },
    mediaUrl: desktopMediaUrl,
    pick: (kind) => bridge.pick(kind),
    placesOf: (files) => bridge.placesOf(files),
    save: (download, name) => bridge.save(download, name),
    showLogs: () => bridge.showLogs(),
  };
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
