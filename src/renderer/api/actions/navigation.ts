import { hashOf, routeOf, type ProjectTab, type Route } from '../../state/route.ts';
import type { Api } from '../api.ts';

/** What of the page is used to keep the route in its address. */
export type AddressBar = Pick<Window, 'location' | 'history' | 'addEventListener'>;

export function navigationActions(api: Api, page: AddressBar) {
  const follow = (): void => api.dispatch({ type: 'route/went', route: routeOf(page.location.hash) });
  page.addEventListener('hashchange', follow);
  follow();

  const go = (route: Route, how: 'push' | 'replace' = 'push'): void => {
    if (hashOf(route) === hashOf(routeOf(page.location.hash))) return follow();
    const address = hashOf(route);
    if (how === 'push') page.history.pushState(null, '', address);
    else page.history.replaceState(null, '', address);
    follow();
  };
  // The browser's back and forward don't always change only the hash.
  page.addEventListener('popstate', follow);
  return {
    go,
    home: (): void => go({ screen: 'home' }),
    /** Another tab of the open project; nothing when there is none. */
    tab: (tab: ProjectTab, detail = ''): void => {
      const { route } = api.getState();
      if (route.screen === 'project') go({ ...route, tab, detail });
    },
    /** Another thing in the same tab. */
    detail: (detail: string, how: 'push' | 'replace' = 'push'): void => {
      const { route } = api.getState();
      if (route.screen === 'project') go({ ...route, detail }, how);
    },
    back: (): void => page.history.back(),
  };
}
