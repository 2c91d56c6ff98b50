/**
 * What the desktop shell and the window's page say to each other before there is a connection to the engine.
 * Names and shapes only: the preload script carries these, and must stay small.
 */

/** Key of the one object that the preload script shows the page. */
export const shellKey = 'holotypeShell';

/** Who asks for a connection: the page by itself after a loss, or a person who pressed a button. */
export type ConnectReason = 'automatic' | 'person';

/** What the system's dialog asks for; `target`: a folder that something is written into. */
export type PickKind = 'folder' | 'archive' | 'model' | 'target';

/** What the desktop can do and a page can't. Paths never cross: folders and files are named by place ids. */
export interface ShellBridge {
  /** Asks for a connection to the engine; it arrives as a {@link ShellMessage} with a port. */
  connect(reason: ConnectReason): void;
  /** Opens the system's dialog. @returns a place id, or null when it was cancelled */
  pick(kind: PickKind): Promise<string | null>;
  /** Place ids of files and folders that were dropped on the window, in their order; null for what has no path. */
  placesOf(files: readonly File[]): Promise<(string | null)[]>;
  /** Asks where to and saves a download of the engine there. @returns whether it was saved */
  save(download: string, name: string): Promise<boolean>;
  /** Opens the folder of logs in the file manager. */
  showLogs(): void;
}

/** Posted to the page's own window; `engine` comes with one end of a message channel. */
export type ShellMessage =
  | { readonly holotype: 'engine' }
  | {
      readonly holotype: 'engine-stopped';
      /** In words for people. */
      readonly message: string;
      /** Whether asking again by itself makes sense, or a person should decide. */
      readonly retry: boolean;
    };

/** Channels between the preload script and the shell's main process. */
export const shellChannels = {
  connect: 'holotype:connect',
  engine: 'holotype:engine',
  stopped: 'holotype:engine-stopped',
  pick: 'holotype:pick',
  grant: 'holotype:grant',
  save: 'holotype:save',
  showLogs: 'holotype:show-logs',
} as const;
