// Connects the page to the engine and does nothing else. The port travels by window.postMessage because
// a port can't cross the context bridge.
import { contextBridge, ipcRenderer } from 'electron';
import { shellChannels, shellKey, type ShellBridge, type ShellMessage } from '../../src/contract/shell.ts';

const bridge: ShellBridge = {
  connect: (reason) => ipcRenderer.send(shellChannels.connect, reason),
};
contextBridge.exposeInMainWorld(shellKey, bridge);

/** To this very window, so the target needs no narrowing. */
const tell = (message: ShellMessage, ports: MessagePort[]): void => window.postMessage(message, '*', ports);

ipcRenderer.on(shellChannels.engine, ({ ports }) => tell({ holotype: 'engine' }, ports));
ipcRenderer.on(shellChannels.stopped, (_event, news: { message: string; retry: boolean }) =>
  tell({ holotype: 'engine-stopped', message: news.message, retry: news.retry }, []),
);
