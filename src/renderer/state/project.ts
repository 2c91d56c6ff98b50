import type { ErrorShape } from '../../contract/errors.ts';
import type { PhotoRow } from '../../contract/photos.ts';
import type { ProjectState } from '../../contract/projects.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';
import { beginEdit, endEdit, noEdits, underEdits, type PendingEdits, type PhotoEdit } from './photo-edits.ts';
import { changePhotos, noPhotos, photoTable, type PhotoTable } from './photo-table.ts';

/** The open project. */
export interface OpenProject {
  /** Which one is open or being opened. */
  readonly id: string | undefined;
  readonly state: Loadable<ProjectState>;
  /** It is being opened again, maybe by another engine, which counts revisions from the start: what it says counts. */
  readonly anew: boolean;
  readonly photos: PhotoTable;
  /** How far loading the table is; `failed` keeps what has come. */
  readonly photosLoad: Loadable<{ readonly total: number }>;
  /** Changes that `photos` shows already, before the engine has made them. */
  readonly pending: PendingEdits;
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
    }
  | { readonly type: 'photos/edited'; readonly project: string; readonly edit: PhotoEdit }
  | {
      readonly type: 'photos/edit-ended';
      readonly project: string;
      readonly edit: number;
      readonly refused: boolean;
    };

export const noProject: OpenProject = {
  id: undefined,
  state: idle,
  anew: false,
  photos: noPhotos,
  photosLoad: idle,
  pending: noEdits,
};

export function reduceProject(open: OpenProject, action: Action): OpenProject {
  switch (action.type) {
    case 'project/opening':
      if (action.id !== open.id) return { ...noProject, id: action.id, state: { status: 'loading' } };
      return { ...open, state: loading(open.state), anew: true, photos: { ...open.photos, revision: 0 } };
    case 'project/changed': {
      if (action.state.id !== open.id) return open;
      return {
        ...open,
        state: open.anew ? ready(action.state) : newer(open.state, action.state),
        anew: false,
      };
    }
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
      const { rows, pending } = underEdits(photos, open.pending);
      return {
        ...open,
        photos: photoTable(rows, revision),
        pending,
        photosLoad: ready({ total: photos.length }),
      };
    }
    case 'photos/failed':
      return { ...open, photosLoad: failed(action.error) };
    case 'photos/changed': {
      if (action.revision < open.photos.revision) return open;
      const { rows, pending } = underEdits(action.changed, open.pending);
      const photos = changePhotos(open.photos, rows, action.removed, action.revision);
      const counted = open.photosLoad.status === 'ready' && photos.index !== open.photos.index;
      return {
        ...open,
        photos,
        pending,
        photosLoad: counted ? ready({ total: photos.rows.length }) : open.photosLoad,
      };
    }
    case 'photos/edited':
      return { ...open, ...beginEdit(open.photos, open.pending, action.edit) };
    case 'photos/edit-ended':
      return { ...open, ...endEdit(open.photos, open.pending, action.edit, action.refused) };
    default:
      return open;
  }
}

/** An answer to a call may arrive after the event of a later change: the higher revision counts. */
function newer(now: Loadable<ProjectState>, next: ProjectState): Loadable<ProjectState> {
  return now.status === 'ready' && now.value.revision > next.revision ? now : ready(next);
}
