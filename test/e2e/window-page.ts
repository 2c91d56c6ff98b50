import type { ProjectSummary } from '../../src/contract/projects.ts';

/** What the fake engine behind the page answers. */
export interface PageSetup {
  readonly projects: readonly ProjectSummary[];
  /** The engine stops for good before it answers anything. */
  readonly stopped?: string;
}

/**
 * Runs in the page before its own code: plays preload script and engine, with a real message channel and
 * the contract's envelope written out by hand, so that a change on one side alone is noticed.
 * What the page asked the shell for is kept in `window.asked`.
 */
export function playShell(setup: PageSetup): void {
  const asked: string[] = [];
  Reflect.set(window, 'asked', asked);
  let { projects } = setup;
  const answer = (method: string, input: { id?: string; source?: { place?: string } }): unknown => {
    switch (method) {
      case 'app.info':
        return {
          name: 'Holotype',
          version: '0.1.0',
          platform: 'linux',
          host: 'desktop',
          dataFolder: '~',
          cacheFolder: '~',
          logsFolder: '~',
        };
      case 'app.settings':
        return { theme: 'system', device: 'auto', cacheLimit: 1e10, notify: true };
      case 'app.problemReport':
        return { download: 'download-0123456789abcdef', name: 'problem.txt', bytes: 10 };
      case 'jobs.list':
        return [];
      case 'projects.forget':
        projects = projects.filter(({ id }) => id !== input.id);
        return projects;
      case 'projects.list':
        return projects;
      case 'projects.open':
        asked.push(`open ${input.source?.place}`);
        return undefined;
      default:
        return undefined;
    }
  };
  interface Call {
    readonly kind: string;
    readonly id: number;
    readonly method: string;
    readonly input: object;
  }
  const connect = (reason: string): void => {
    if (setup.stopped !== undefined && reason !== 'person') {
      window.postMessage({ holotype: 'engine-stopped', message: setup.stopped, retry: false }, '*');
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', ({ data }: MessageEvent<Call>) => {
      if (data.kind !== 'call') return;
      const output = answer(data.method, data.input);
      if (output !== undefined) return port1.postMessage({ kind: 'result', id: data.id, output });
      const error = { code: 'storage', message: 'The folder can’t be read.', remedy: 'Check the drive.' };
      port1.postMessage({ kind: 'error', id: data.id, error });
    });
    port1.start();
    window.postMessage({ holotype: 'engine' }, '*', [port2]);
  };
  const bridge = {
    connect,
    pick: async (kind: string) => {
      asked.push(`pick ${kind}`);
      return 'place-chosen-0000000000';
    },
    placesOf: async (files: readonly File[]) => {
      asked.push(`places of ${files.map(({ name }) => name).join(', ')}`);
      return files.map(() => 'place-dropped-000000000');
    },
    save: async (download: string, name: string) => {
      asked.push(`save ${download} as ${name}`);
      return true;
    },
    showLogs: () => asked.push('show logs'),
  };
  Reflect.set(window, 'holotypeShell', bridge);
}
