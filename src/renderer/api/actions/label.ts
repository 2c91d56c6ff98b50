import { HolotypeError, toErrorShape } from '../../../contract/errors.ts';
import type { LabelImport, PhotoDetails } from '../../../contract/photos.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { Explanation } from '../../../contract/runs.ts';
import type { LabelFilter } from '../../state/label-filter.ts';
import type { LabelSort, LabelView } from '../../state/label.ts';
import type { PhotoChange } from '../../state/photo-edits.ts';
import type { Selection } from '../../state/selection.ts';
import type { Api } from '../api.ts';
import { recallLabelView, rememberLabelView } from '../label-view.ts';
import { saveText } from '../save-text.ts';
import type { Picking } from './picking.ts';

/** What `labels.import` takes (bytes). */
const largestCsv = 64 * 2 ** 20;

/** What the screen "Label" can do; labelling serves other screens, too. */
export function labelActions(api: Api, picking: Picking) {
  const { call, dispatch } = api;
  let nextEdit = 1;

  const show = (state: ProjectState | undefined): boolean => {
    if (state !== undefined) dispatch({ type: 'project/changed', state });
    return state !== undefined;
  };
  /** What was asked of the engine before: undo and redo are about what comes of it, so they wait for it. */
  let before: Promise<unknown> = Promise.resolve();
  /** @param work never fails */
  const remembered = <T>(work: Promise<T>): Promise<T> => {
    before = Promise.all([before, work]);
    return work;
  };
  /** Shows a change at once, asks the engine for it, and takes it back with a message when it refuses. */
  const change = async (project: string, photos: readonly string[], what: PhotoChange): Promise<boolean> => {
    if (photos.length === 0) return false;
    const id = nextEdit++;
    dispatch({ type: 'photos/edited', project, edit: { id, photos: new Set(photos), change: what } });
    const ids = [...photos];
    const ask = async (): Promise<boolean> => {
      const asked = (): Promise<ProjectState> => {
        switch (what.kind) {
          case 'exclude':
            return call('photos.exclude', { project, photos: ids, excluded: what.excluded });
          case 'number':
            return call('labels.setTarget', { project, photos: ids, target: what.target });
          default:
            return call('labels.assign', { project, photos: ids, label: what.label, mode: what.mode });
        }
      };
      const state = await api.attempt(asked());
      dispatch({ type: 'photos/edit-ended', project, edit: id, refused: state === undefined });
      return show(state);
    };
    return remembered(ask());
  };
  const travel = (project: string, kind: 'undo' | 'redo'): Promise<void> => {
    // A label shows at once: whoever takes it back at once means that one, although the engine is still at it.
    const go = async (earlier: Promise<unknown>): Promise<void> => {
      await earlier;
      const { state } = api.getState().project;
      const words = state.status === 'ready' ? state.value[kind] : null;
      if (words === null) return;
      const done = await api.attempt(call(kind === 'undo' ? 'labels.undo' : 'labels.redo', { project }));
      if (show(done)) api.announce(`${kind === 'undo' ? 'Undone' : 'Done again'}: ${words}`);
    };
    return remembered(go(before));
  };
  const filter = (to: LabelFilter): void => dispatch({ type: 'label/filtered', filter: to });
  /** The filter follows the class it is about. */
  const follow = (name: string, to: LabelFilter): void => {
    const now = api.getState().label.filter;
    if (now.kind === 'class' && now.name === name) filter(to);
  };

  return {
    /** The screen is shown for a project. */
    enter: (project: string): void => {
      if (api.getState().label.project === undefined)
        dispatch({ type: 'label/viewed', view: recallLabelView() });
      dispatch({ type: 'label/entered', project });
    },

    /** Sets the one label of photos; null takes all labels away. */
    assign: async (project: string, photos: readonly string[], label: string | null): Promise<void> => {
      if (await change(project, photos, { kind: 'label', label, mode: 'set' }))
        api.announce(
          label === null
            ? `${countOf(photos.length)} without a label`
            : `${countOf(photos.length)} labelled ${label}`,
        );
    },
    /** Adds one of several labels to photos, or takes it from them. */
    mark: async (project: string, photos: readonly string[], label: string, on: boolean): Promise<void> => {
      if (await change(project, photos, { kind: 'label', label, mode: on ? 'add' : 'remove' }))
        api.announce(`${label} ${on ? 'added to' : 'taken from'} ${countOf(photos.length)}`);
    },
    /** Gives photos the number to predict; null takes it away. */
    number: async (project: string, photos: readonly string[], target: number | null): Promise<void> => {
      if (await change(project, photos, { kind: 'number', target }))
        api.announce(`${countOf(photos.length)} ${target === null ? 'without a number' : `given ${target}`}`);
    },
    /** Leaves photos out of training, or takes them back in. */
    exclude: async (project: string, photos: readonly string[], excluded: boolean): Promise<void> => {
      if (await change(project, photos, { kind: 'exclude', excluded }))
        api.announce(`${countOf(photos.length)} ${excluded ? 'left out' : 'taken back in'}`);
    },
    undo: (project: string) => travel(project, 'undo'),
    redo: (project: string) => travel(project, 'redo'),

    /** @returns whether there is one now */
    createClass: async (project: string, name: string): Promise<boolean> =>
      show(await api.attempt(call('classes.create', { project, name }))),
    renameClass: async (project: string, name: string, to: string): Promise<boolean> => {
      const done = show(await api.attempt(call('classes.rename', { project, name, to })));
      if (done) follow(name, { kind: 'class', name: to });
      return done;
    },
    recolorClass: async (project: string, name: string, color: number): Promise<void> => {
      show(await api.attempt(call('classes.recolor', { project, name, color })));
    },
    mergeClass: async (project: string, from: string, into: string, photos: number): Promise<void> => {
      const sure = await picking.confirm({
        title: `Merge “${from}” into “${into}”?`,
        text: `${countOf(photos)} labelled “${from}” will be labelled “${into}”, and “${from}” is gone. You can undo it.`,
        confirm: 'Merge',
        danger: false,
      });
      if (sure && show(await api.attempt(call('classes.merge', { project, from, into }))))
        follow(from, { kind: 'class', name: into });
    },
    removeClass: async (project: string, name: string, photos: number): Promise<void> => {
      const sure = await picking.confirm({
        title: `Delete the class “${name}”?`,
        text:
          photos === 0
            ? 'No photo has this label. You can undo it.'
            : `${countOf(photos)} will lose this label; the photos themselves stay. You can undo it.`,
        confirm: 'Delete class',
        danger: photos > 0,
      });
      if (sure && show(await api.attempt(call('classes.remove', { project, name }))))
        follow(name, { kind: 'all' });
    },

    /** Takes labels from a CSV file. @returns what became of its lines */
    importLabels: async (project: string, file: File): Promise<LabelImport | undefined> => {
      if (file.size > largestCsv) {
        api.problem(
          toErrorShape(
            new HolotypeError('bad-input', `“${file.name}” is too large for a list of labels.`, {
              remedy: 'Split it into files of at most 64 MB and import them one after the other.',
            }),
          ),
        );
        return undefined;
      }
      return api.attempt(file.text().then((csv) => call('labels.import', { project, csv })));
    },
    /** Something else than labels was dropped on the photos. */
    refuseDrop: (): void =>
      api.toast({
        tone: 'info',
        title: 'Only lists of labels (CSV) can be dropped here.',
        detail: 'To add photos, put them into the project’s folder and look through it again.',
      }),
    /** Saves all labels as a CSV file. */
    exportLabels: async (project: string): Promise<void> => {
      const labels = await api.attempt(call('labels.export', { project }));
      if (labels !== undefined) saveText(labels.name, 'text/csv', labels.csv);
    },

    /** Puts the photos that are most like one of them first. */
    findSimilar: async (project: string, photo: string): Promise<boolean> => {
      const found = await api.attempt(call('photos.similar', { project, photo }));
      if (found === undefined) return false;
      const numbers = new Map(found.photos.map(({ id, similarity }) => [id, similarity]));
      // Nothing is more like it than itself.
      numbers.set(photo, Number.MAX_VALUE);
      dispatch({ type: 'label/similar', project, similar: { photo, basis: found.basis, numbers } });
      return true;
    },
    /** Puts photos without a label in the order in which labels would tell most. @param next 0..1 by photo id */
    labelNext: (project: string, next: ReadonlyMap<string, number>): void =>
      dispatch({ type: 'label/next', project, next }),
    /** All that is known of a photo. @throws HolotypeError */
    details: (project: string, photo: string, signal: AbortSignal): Promise<PhotoDetails> =>
      call('photos.get', { project, photo }, { signal }),
    /** Where a run's model looked in a photo; without a class: for its own answer. @throws HolotypeError */
    explain: (
      project: string,
      run: string,
      photo: string,
      of: string | undefined,
      signal: AbortSignal,
    ): Promise<Explanation> =>
      call('runs.explain', { project, run, photo, ...(of === undefined ? {} : { class: of }) }, { signal }),

    filter,
    search: (search: string): void => dispatch({ type: 'label/searched', search }),
    sort: (sort: LabelSort): void => dispatch({ type: 'label/sorted', sort }),
    select: (selection: Selection): void => dispatch({ type: 'label/selected', selection }),
    /** Keeps photos in sight until the keyboard goes elsewhere. */
    hold: (photos: readonly string[]): void => dispatch({ type: 'label/held', photos }),
    view: (view: Partial<LabelView>): void => {
      dispatch({ type: 'label/viewed', view });
      rememberLabelView(api.getState().label.view);
    },
  };
}

function countOf(photos: number): string {
  return `${photos.toLocaleString()} ${photos === 1 ? 'photo' : 'photos'}`;
}
