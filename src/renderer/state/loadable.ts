import type { ErrorShape } from '../../contract/errors.ts';

/** Something fetched from the engine. While it is fetched again, what was there stays visible. */
export type Loadable<T> =
  | { readonly status: 'idle' }
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly value: T }
  | { readonly status: 'failed'; readonly error: ErrorShape };

export const idle: { readonly status: 'idle' } = { status: 'idle' };

/** What was there stays; without anything there it is on its way now. */
export function loading<T>(now: Loadable<T>): Loadable<T> {
  return now.status === 'ready' || now.status === 'loading' ? now : { status: 'loading' };
}

export function ready<T>(value: T): Loadable<T> {
  return { status: 'ready', value };
}

export function failed<T>(error: ErrorShape): Loadable<T> {
  return { status: 'failed', error };
}

/** The value, or undefined while there is none. */
export function valueOf<T>(loadable: Loadable<T>): T | undefined {
  return loadable.status === 'ready' ? loadable.value : undefined;
}
