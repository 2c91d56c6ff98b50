import type { ErrorShape } from '../../contract/errors.ts';
import type { PhotoRow } from '../../contract/photos.ts';
import type { ProjectState } from '../../contract/projects.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';
import { changePhotos, noPhotos, photoTable, type PhotoTable } from './photo-table.ts';

/** The open project. */
export interface OpenProject {
  /** Which one is open or being opened. */
  readonly id: string | undefined;
  readonly state: Loadable<ProjectState>;
  readonly photos: PhotoTable;
  /** How far loading the table is; `failed` keeps what has come. */
  readonly photosLoad: Loadable<{ readonly total: number }>;
}

export type ProjectAction =
  | { readonly type: 'project/opening'; readonly id: string }
  | { readonly type: 'project/changed'; readonly state: ProjectState }
  | { readonly type: 'project/failed'; readonly id: string; readonly error: ErrorShape }
  | { readonly type: 'project/closed' }
  | { readonly type: 'photos/loading'; readonly project: string }
  | {
      readonly type: 'photos/loaded';
      readonly project: string;
      readonly photos: readonly PhotoRow[];
      readonly revision: number;
    }
  | { readonly type: 'photos/failed'; readonly project: string; readonly error: ErrorShape }
  | {
      readonly type: 'photos/changed';
      readonly project: string;
      readonly changed: readonly PhotoRow[];
      readonly removed: readonly string[];
      readonly revision: number;
    };

export const noProject: OpenProject = { id: undefined, state: idle, photos: noPhotos, photosLoad: idle };

export function reduceProject(open: OpenProject, action: Action): OpenProject {
  switch (action.type) {
    case 'project/opening':
      if (action.id !== open.id) return { ...noProject, id: action.id, state: { status: 'loading' } };
      return { ...open, state: loading(open.state) };
    case 'project/changed':
      return action.state.id === open.id ? { ...open, state: newer(open.state, action.state) } : open;
    case 'project/failed':
      return action.id === open.id ? { ...open, state: failed(action.error) } : open;
    case 'project/closed':
      return noProject;
    default:
      return 'project' in action && action.project === open.id ? reducePhotos(open, action) : open;
  }
}

function reducePhotos(open: OpenProject, action: Action): OpenProject {
  switch (action.type) {
    case 'photos/loading':
      return { ...open, photosLoad: loading(open.photosLoad) };
    case 'photos/loaded': {
      const { photos, revision } = action;
      return {
        ...open,
        photos: photoTable(photos, revision),
        photosLoad: ready({ total: photos.length }),
      };
    }
    case 'photos/failed':
      return { ...open, photosLoad: failed(action.error) };
    case 'photos/changed': {
      if (action.revision < open.photos.revision) return open;
      const photos = changePhotos(open.photos, action.changed, action.removed, action.revision);
      const counted = open.photosLoad.status === 'ready' && photos.index !== open.photos.index;
      return {
        ...open,
        photos,
        photosLoad: counted ? ready({ total: photos.rows.length }) : open.photosLoad,
      };
    }
    default:
      return open;
  }
}

/** An answer to a call may arrive after the event of a later change: the higher revision counts. */
function newer(now: Loadable<ProjectState>, next: ProjectState): Loadable<ProjectState> {
  return now.status === 'ready' && now.value.revision > next.revision ? now : ready(next);
}
