import type { AppInfo } from '../contract/app.ts';
import { joinHandlers, type Handlers, type Service } from '../contract/server.ts';
import type { RecentProjects } from '../store/recent-projects.ts';
import { createEmitter, type Emitter } from './emitter.ts';

/** What a host has to bring. */
export interface ServiceDeps {
  readonly info: AppInfo;
  readonly recentProjects: RecentProjects;
}

/** Implements the contract; one service serves any number of connections. */
export function createService(deps: ServiceDeps): Service {
  const events = createEmitter();
  return { events, handlers: joinHandlers(appHandlers(deps), projectHandlers(deps, events)) };
}

function appHandlers({ info }: ServiceDeps): Pick<Handlers, 'app.info'> {
  return { 'app.info': async () => info };
}

function projectHandlers(
  { recentProjects }: ServiceDeps,
  events: Emitter,
): Pick<Handlers, 'projects.list' | 'projects.forget'> {
  return {
    'projects.list': () => recentProjects.list(),
    'projects.forget': async ({ id }) => {
      await recentProjects.forget(id);
      const projects = await recentProjects.list();
      events.emit('projects.changed', { projects });
      return projects;
    },
  };
}
