import { randomBytes } from 'node:crypto';
import { HolotypeError } from '../contract/errors.ts';
import type { Download } from '../contract/app.ts';

/** What a person can save: a file that lies on this machine, or bytes made for the purpose. */
export interface Downloadable {
  /** As the file should be called. */
  readonly name: string;
  /** Media type. */
  readonly type: string;
  readonly content: { readonly path: string; readonly bytes: number } | Uint8Array;
}

/** Files made for a person, by tokens that the window can ask for. The newest hundred are kept. */
export interface Downloads {
  offer(file: Downloadable): Download;
  /** @throws HolotypeError('not-found') */
  get(download: string): Downloadable;
}

const limit = 100;

export function createDownloads(): Downloads {
  const files = new Map<string, Downloadable>();
  return {
    offer: (file) => {
      const download = randomBytes(18).toString('base64url');
      files.set(download, file);
      const [oldest] = files.keys();
      if (files.size > limit && oldest !== undefined) files.delete(oldest);
      const bytes = file.content instanceof Uint8Array ? file.content.length : file.content.bytes;
      return { download, name: file.name, bytes };
    },
    get: (download) => {
      const file = files.get(download);
      if (file !== undefined) return file;
      throw new HolotypeError('not-found', 'This download is no longer there.', { remedy: 'Make it again.' });
    },
  };
}
