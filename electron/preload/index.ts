// Connects the page to the engine and to the system's dialogs, and does nothing else. The port travels by
// window.postMessage because a port can't cross the context bridge.
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { shellChannels, shellKey, type ShellBridge, type ShellMessage } from '../../src/contract/shell.ts';

const bridge: ShellBridge = {
  connect: (reason) => ipcRenderer.send(shellChannels.connect, reason),
  pick: (kind) => ipcRenderer.invoke(shellChannels.pick, kind),
  // Only files that a person has dropped have a path, and only this script can see it.
  placesOf: (files) =>
    ipcRenderer.invoke(
      shellChannels.grant,
      files.map((file) => webUtils.getPathForFile(file)),
    ),
  save: (download, name) => ipcRenderer.invoke(shellChannels.save, download, name),
  showLogs: () => ipcRenderer.send(shellChannels.showLogs),
};
contextBridge.exposeInMainWorld(shellKey, bridge);

/** To this very window, so the target needs no narrowing. */
const tell = (message: ShellMessage, ports: MessagePort[]): void => window.postMessage(message, '*', ports);

ipcRenderer.on(shellChannels.engine, ({ ports }) => tell({ holotype: 'engine' }, ports));
ipcRenderer.on(shellChannels.stopped, (_event, news: { message: string; retry: boolean }) =>
  tell({ holotype: 'engine-stopped', message: news.message, retry: news.retry }, []),
);
