import { toErrorShape } from '../../../contract/errors.ts';
import type { Source } from '../../../contract/ids.ts';
import type { Task } from '../../../contract/project.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import type { Api } from '../api.ts';
import type { Picking } from './picking.ts';
import type { PhotoLoader } from './photo-loader.ts';
import { sourceOfDrop, type Dropped } from '../uploads.ts';
import type { navigationActions } from './navigation.ts';

interface Needs {
  readonly photos: PhotoLoader;
  readonly picking: Picking;
  readonly navigation: ReturnType<typeof navigationActions>;
}

/** Recent projects, and the one that is open. */
export function projectActions(api: Api, { photos, picking, navigation }: Needs) {
  const { call, dispatch } = api;

  const load = async (): Promise<void> => {
    dispatch({ type: 'projects/loading' });
    try {
      dispatch({ type: 'projects/loaded', projects: await call('projects.list', {}) });
    } catch (error) {
      dispatch({ type: 'projects/failed', error: toErrorShape(error) });
    }
  };

  /** What is said of each photo from now on. */
  const changeTask = async (project: string, task: Task): Promise<void> => {
    const state = await api.attempt(call('projects.changeTask', { project, task }));
    if (state !== undefined) dispatch({ type: 'project/changed', state });
  };

  /** Shows a project that the engine has just opened. */
  const enter = (state: ProjectState): void => {
    leaveOther(state.id);
    if (api.getState().project.id !== state.id) dispatch({ type: 'project/opening', id: state.id });
    dispatch({ type: 'project/changed', state });
    photos.load(state.id);
    loadRuns(state.id);
  };
  const show = (state: ProjectState | undefined): void => {
    if (state === undefined) return;
    enter(state);
    navigation.go({ screen: 'project', project: state.id, tab: 'label', detail: '' });
  };
  const leaveOther = (id: string | undefined): void => {
    const open = api.getState().project.id;
    if (open === undefined || open === id) return;
    dispatch({ type: 'project/closed' });
    // Who can't be told that it is closed finds out when the connection ends.
    void call('projects.close', { project: open }).catch(() => undefined);
  };
  const loadRuns = (project: string): void => {
    dispatch({ type: 'runs/loading', project });
    call('runs.list', { project }).then(
      (runs) => dispatch({ type: 'runs/loaded', project, runs }),
      (error: unknown) => dispatch({ type: 'runs/failed', project, error: toErrorShape(error) }),
    );
  };

  /** Opens the project an address names, unless it is open; again after a loss of the connection. */
  const ensure = async (id: string, again = false): Promise<void> => {
    const open = api.getState().project;
    if (!again && open.id === id && open.state.status !== 'failed') return;
    leaveOther(id);
    dispatch({ type: 'project/opening', id });
    try {
      const state = await call('projects.reopen', { project: id });
      // A person may have gone elsewhere in the meantime.
      if (api.getState().project.id === id) enter(state);
    } catch (error) {
      dispatch({ type: 'project/failed', id, error: toErrorShape(error) });
    }
  };

  const openSource = async (source: Source | undefined): Promise<void> => {
    if (source !== undefined) show(await api.attempt(call('projects.open', { source })));
  };
  const openArchive = async (source: Source | undefined): Promise<void> => {
    if (source !== undefined) show(await api.attempt(call('projects.openArchive', { source })));
  };

  return {
    load,
    ensure,
    loadRuns,
    /** Asks for a folder of photos and opens it. */
    openFolder: async (): Promise<void> =>
      openSource(await picking.pick('folder', 'Open a folder of photos')),
    openArchive: async (): Promise<void> =>
      openArchive(await picking.pick('archive', 'Open a shared project')),
    openDemo: async (): Promise<void> => show(await api.attempt(call('projects.openDemo', {}))),
    /** Opens what was dropped on the window: a folder of photos, photos, or a shared project. */
    openDrop: async (dropped: Dropped): Promise<void> => {
      const [only] = dropped.items;
      const archive = dropped.items.length === 1 && /\.(?:zip|holotype)$/i.test(only?.name ?? '');
      const source = await sourceOfDrop(api, dropped, 'Sending the photos to the engine');
      await (archive ? openArchive(source) : openSource(source));
    },
    open: (id: string): void => navigation.go({ screen: 'project', project: id, tab: 'label', detail: '' }),
    /** Gives the project back; its screen is left first. */
    close: (): void => leaveOther(undefined),
    forget: async (id: string): Promise<void> => {
      const projects = await api.attempt(call('projects.forget', { id }));
      if (projects !== undefined) dispatch({ type: 'projects/loaded', projects });
    },
    rename: async (project: string, name: string): Promise<void> => {
      const state = await api.attempt(call('projects.rename', { project, name }));
      if (state !== undefined) dispatch({ type: 'project/changed', state });
    },
    changeTask,
    takeOver: async (project: string): Promise<void> => {
      const sure = await picking.confirm({
        title: 'Take over this project?',
        text: 'Whoever has it open can then only look at it. What they changed so far is saved.',
        confirm: 'Take over',
        danger: false,
      });
      if (!sure) return;
      const state = await api.attempt(call('projects.takeOver', { project }));
      if (state !== undefined) dispatch({ type: 'project/changed', state });
    },
    rescan: async (project: string): Promise<void> => {
      await api.attempt(call('projects.rescan', { project }));
    },
    /** Remembers settings of the project; those that aren't named stay. */
    changeSettings: async (project: string, settings: Record<string, unknown>): Promise<void> => {
      const state = await api.attempt(call('projects.changeSettings', { project, settings }));
      if (state !== undefined) dispatch({ type: 'project/changed', state });
    },
    share: async (project: string, withPhotos: boolean): Promise<string | undefined> =>
      (await api.attempt(call('projects.share', { project, photos: withPhotos })))?.job,
  };
}
