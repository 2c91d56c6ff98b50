import type { ConnectReason, PickKind } from '../../contract/shell.ts';
import type { Transport } from '../../contract/transport.ts';

/** News of the connection to the engine. */
export interface HostListener {
  /** There is one: the first, or one in the place of a lost one. */
  engine(transport: Transport): void;
  /** There is none any more. @param retry whether the host is already at it; else a person has to ask */
  stopped(message: string, retry: boolean): void;
}

/** What the window is in, a desktop window or a browser's tab, and what that can do for it. */
export interface Host {
  readonly kind: 'desktop' | 'web';
  /** Asks for a connection; it arrives through {@link Host.listen}. */
  request(reason: ConnectReason): void;
  listen(listener: HostListener): void;
  /** Where a picture or file of the engine is; `path` is one of contract/media's. */
  readonly mediaUrl: (path: string) => string;
  /** The system's dialog. @returns a place id, or null when it was cancelled; absent: the window shows its own picker */
  readonly pick?: (kind: PickKind) => Promise<string | null>;
  /** Place ids of dropped files and folders, in their order; null for those that have to be sent. */
  placesOf(files: readonly File[]): Promise<readonly (string | null)[]>;
  /** Saves a file of the engine. @returns whether it was saved */
  save(download: string, name: string): Promise<boolean>;
  /** Opens the folder of logs; absent where that can't be done. */
  readonly showLogs?: () => void;
}
