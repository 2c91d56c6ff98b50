import { projectIdSchema } from '../../contract/ids.ts';
import type { Action } from './action.ts';

export const projectTabs = ['label', 'train', 'judge', 'use'] as const;
export type ProjectTab = (typeof projectTabs)[number];

/** Where a person is in the window; {@link hashOf} of it stands in the address, so that a reload finds it. */
export type Route =
  | { readonly screen: 'home' | 'settings' | 'models' | 'about' }
  | {
      readonly screen: 'project';
      readonly project: string;
      readonly tab: ProjectTab;
      /** What the tab shows, in its own words (a run's id, for example); empty: the tab's beginning. */
      readonly detail: string;
    };

export type RouteAction = { readonly type: 'route/went'; readonly route: Route };

export const homeRoute: Route = { screen: 'home' };

export function reduceRoute(state: Route, action: Action): Route {
  return action.type === 'route/went' && hashOf(action.route) !== hashOf(state) ? action.route : state;
}

/** The part of the address after (and with) the `#`. */
export function hashOf(route: Route): string {
  if (route.screen !== 'project') return route.screen === 'home' ? '#/' : `#/${route.screen}`;
  const detail = route.detail === '' ? '' : `/${encodeURIComponent(route.detail)}`;
  return `#/project/${route.project}/${route.tab}${detail}`;
}

/** The route an address stands for; the home screen for what is none. */
export function routeOf(hash: string): Route {
  const [screen = '', project = '', tab = '', detail = ''] = hash.replace(/^#?\/?/, '').split('/');
  if (screen === 'settings' || screen === 'models' || screen === 'about') return { screen };
  if (screen !== 'project' || !projectIdSchema.safeParse(project).success) return homeRoute;
  return { screen, project, tab: isProjectTab(tab) ? tab : 'label', detail: decode(detail) };
}

function isProjectTab(name: string): name is ProjectTab {
  return projectTabs.some((tab) => tab === name);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
