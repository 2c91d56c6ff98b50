import type { ErrorShape } from '../../contract/errors.ts';
import type { AccessKeys } from './access.ts';

/** What `holotype serve` and the process that serves say to each other; both are of one build. */
export type ToServer =
  { readonly kind: 'start'; readonly options: ServerOptions } | { readonly kind: 'quit' };

export type FromServer =
  | { readonly kind: 'ready'; readonly port: number; readonly address: string; readonly keys: AccessKeys }
  | { readonly kind: 'failed'; readonly error: ErrorShape };

export interface ServerOptions {
  readonly host: string;
  /** The first that is free; 0: any. */
  readonly ports: readonly number[];
  /** Absolute folders that the page's picker may look into. */
  readonly roots: readonly string[];
  /** Those of the server whose place this one takes. */
  readonly keys?: AccessKeys;
}
