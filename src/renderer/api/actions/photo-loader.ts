import { toErrorShape } from '../../../contract/errors.ts';
import { photoPage, type PhotoRow } from '../../../contract/photos.ts';
import type { EventPayload } from '../../../contract/events.ts';
import type { Api } from '../api.ts';

type Change = EventPayload<'photos.changed'>;

export interface PhotoLoader {
  /** Loads a project's whole table of photos; changes that come in the meantime are put on top of it. */
  load(project: string): void;
}

/** Keeps the table of photos as the engine has it. */
export function createPhotoLoader(api: Api): PhotoLoader {
  /** What has changed while a table is being loaded; null when none is. */
  let meanwhile: { readonly project: string; readonly changes: Change[] } | null = null;

  api.session.on('photos.changed', (change) => {
    if (meanwhile?.project === change.project) meanwhile.changes.push(change);
    else api.dispatch({ type: 'photos/changed', ...change });
  });

  const load = async (project: string): Promise<void> => {
    const mine = { project, changes: [] as Change[] };
    meanwhile = mine;
    api.dispatch({ type: 'photos/loading', project });
    try {
      const { rows, revision } = await pages(project);
      // Another load began, of this project or another: that one's table is newer.
      if (meanwhile !== mine) return;
      // Photos that go make those behind them move up, past the page that would have shown them.
      if (mine.changes.some((change) => change.removed.length > 0)) return await load(project);
      api.dispatch({ type: 'photos/loaded', project, photos: rows, revision });
      for (const change of mine.changes) api.dispatch({ type: 'photos/changed', ...change });
    } catch (error) {
      if (meanwhile === mine) api.dispatch({ type: 'photos/failed', project, error: toErrorShape(error) });
    } finally {
      if (meanwhile === mine) meanwhile = null;
    }
  };

  const pages = async (project: string): Promise<{ rows: PhotoRow[]; revision: number }> => {
    const byId = new Map<string, PhotoRow>();
    let revision: number | undefined;
    for (let offset = 0, total = 1; offset < total; offset += photoPage) {
      const page = await api.call('photos.list', { project, offset });
      for (const row of page.photos) byId.set(row.id, row);
      revision ??= page.revision;
      total = page.total;
    }
    return { rows: [...byId.values()], revision: revision ?? 0 };
  };

  return { load: (project) => void load(project) };
}
