import { randomBytes } from 'node:crypto';
import { HolotypeError } from '../contract/errors.ts';

/**
 * Folders and files that a person has pointed at, by tokens. The window never names a path: it gets tokens from the
 * desktop's dialog or from the web host's picker, so it can reach nothing that nobody has chosen.
 */
export interface Places {
  /** The token of an absolute path; the same path has the same token while the engine runs. */
  grant(path: string): string;
  /** @throws HolotypeError('not-found') for a token that was not given out */
  pathOf(id: string): string;
}

export function createPlaces(): Places {
  const paths = new Map<string, string>();
  const ids = new Map<string, string>();
  return {
    grant: (path) => {
      const known = ids.get(path);
      if (known !== undefined) return known;
      const id = randomBytes(18).toString('base64url');
      ids.set(path, id);
      paths.set(id, path);
      return id;
    },
    pathOf: (id) => {
      const path = paths.get(id);
      if (path !== undefined) return path;
      throw new HolotypeError('not-found', 'This folder or file was chosen in an earlier session.', {
        remedy: 'Choose it again.',
      });
    },
  };
}
