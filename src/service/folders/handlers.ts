import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { FolderList } from '../../contract/folders.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { Handlers } from '../../contract/server.ts';
import { browse, isWithin } from '../../store/browse.ts';
import type { Places } from '../places.ts';
import type { Uploads } from '../uploads.ts';

export interface FolderDeps {
  readonly places: Places;
  readonly uploads: Uploads;
  /** Absolute: what may be looked into. */
  readonly pickerRoots: readonly string[];
  /** A path as a person would type it. */
  readonly shorten: (path: string) => string;
}

/** The web host's own picker, and files that are sent instead of being picked. */
export function folderHandlers({
  places,
  uploads,
  pickerRoots: roots,
  shorten,
}: FolderDeps): Pick<Handlers, 'folders.list' | 'uploads.begin'> {
  /** Stands for the list of roots: no folder, so nothing can be opened by it. */
  const top = randomBytes(18).toString('base64url');

  const listTop = async (): Promise<FolderList> => {
    const there = await Promise.all(roots.map((root) => isWithin(root, [root])));
    const entries = roots
      .filter((_, index) => there[index])
      .map((root) => ({ id: places.grant(root), name: shorten(root), project: false }));
    return { id: top, path: '', parent: null, entries, files: [] };
  };
  const list = async (folder: string): Promise<FolderList> => {
    const { folders, files } = await browse(folder, roots);
    return {
      id: places.grant(folder),
      path: shorten(folder),
      parent: await parentOf(folder),
      entries: folders.map(({ path, name, pictures, project }) => ({
        id: places.grant(path),
        name,
        project,
        ...(pictures === undefined ? {} : { pictures }),
      })),
      files: files.map(({ path, name, bytes }) => ({ id: places.grant(path), name, bytes })),
    };
  };
  const parentOf = async (folder: string): Promise<string | null> => {
    if (!roots.includes(folder) && (await isWithin(dirname(folder), roots)))
      return places.grant(dirname(folder));
    return roots.length > 1 ? top : null;
  };

  return {
    'folders.list': async ({ folder }) => {
      const [only] = roots;
      if (only === undefined)
        throw new HolotypeError('not-supported', 'Folders are chosen in the dialog of your system here.');
      if (folder === top) return listTop();
      if (folder !== undefined) return list(places.pathOf(folder));
      return roots.length === 1 ? list(only) : listTop();
    },
    'uploads.begin': async () => ({ upload: uploads.begin() }),
  };
}
