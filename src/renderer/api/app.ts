import type { AppStore } from '../state/store.ts';
import { createApi, type Api } from './api.ts';
import { compareActions } from './actions/compare.ts';
import { connectionActions } from './actions/connection.ts';
import { dialogActions } from './actions/dialogs.ts';
import { exploreActions } from './actions/explore.ts';
import { jobActions } from './actions/jobs.ts';
import { judgeActions } from './actions/judge.ts';
import { labelActions } from './actions/label.ts';
import { modelActions } from './actions/models.ts';
import { navigationActions, type AddressBar } from './actions/navigation.ts';
import { createPhotoLoader } from './actions/photo-loader.ts';
import { createPicking } from './actions/picking.ts';
import { projectActions } from './actions/projects.ts';
import { runActions } from './actions/runs.ts';
import { searchActions } from './actions/search.ts';
import { settingsActions } from './actions/settings.ts';
import { trainActions } from './actions/train.ts';
import { usingActions } from './actions/use.ts';
import type { Host } from './host.ts';
import { notifyOfEnds } from './notify.ts';

/** All that a person can do, an object an area. */
export type Actions = ReturnType<typeof createActions>;

export interface App {
  readonly store: AppStore;
  readonly actions: Actions;
  readonly api: Api;
}

function createActions(api: Api, page: AddressBar) {
  const navigation = navigationActions(api, page);
  const picking = createPicking(api);
  const photos = createPhotoLoader(api);
  return {
    navigation,
    picking,
    photos,
    connection: connectionActions(api),
    dialogs: dialogActions(api),
    projects: projectActions(api, { navigation, picking, photos }),
    jobs: jobActions(api),
    runs: runActions(api),
    settings: settingsActions(api),
    models: modelActions(api, picking),
    label: labelActions(api, picking),
    explore: exploreActions(api),
    train: trainActions(api),
    compare: compareActions(api),
    search: searchActions(api),
    judge: judgeActions(api),
    use: usingActions(api, picking),
  };
}

/** The window but for what is on the screen: store, connection and actions. Begins to connect. */
export function createApp(host: Host, store: AppStore, page: AddressBar): App {
  const api = createApi(host, store);
  const { session, dispatch, getState } = api;
  const actions = createActions(api, page);

  session.on('projects.changed', ({ projects }) => dispatch({ type: 'projects/loaded', projects }));
  session.on('project.changed', ({ state }) => dispatch({ type: 'project/changed', state }));
  actions.jobs.onEnd((job) => {
    if (job.kind === 'fetch-model') void actions.models.load();
    const open = getState().project.id;
    if (job.kind === 'train' && job.project !== null && job.project === open) actions.projects.loadRuns(open);
    if (job.kind === 'landscape' && job.project !== null && job.project === open && job.run !== null)
      void actions.runs.landscape(open, job.run, true);
  });
  actions.jobs.onEnd((job) => {
    if (job.kind === 'explore' && job.project !== null && job.project === getState().project.id)
      void actions.explore.load(job.project);
  });
  notifyOfEnds(api, actions.jobs.onEnd);

  /** Opens the project the address names. */
  const followRoute = (again = false): void => {
    const { route, connection } = getState();
    if (connection.status !== 'ready') return;
    if (route.screen === 'project') void actions.projects.ensure(route.project, again);
  };
  session.onConnected(() => {
    void actions.settings.load();
    void actions.projects.load();
    void actions.jobs.load();
    followRoute(true);
  });
  let { route } = getState();
  store.subscribe((state) => {
    if (state.route === route) return;
    route = state.route;
    followRoute();
  });
  session.connect('automatic');
  return { store, actions, api };
}
