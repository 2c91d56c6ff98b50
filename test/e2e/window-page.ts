import type { ProjectSummary } from '../../src/contract/projects.ts';

/** What the fake engine behind the page answers. */
export interface PageSetup {
  readonly projects:
    readonly ProjectSummary[] | { readonly error: string; readonly remedy: string } | 'never';
  /** The engine stops for good before it answers anything. */
  readonly stopped?: string;
}

/**
 * Runs in the page before its own code: plays preload script and engine, with a real message channel and
 * the contract's envelope written out by hand, so that a change on one side alone is noticed.
 */
export function playShell(setup: PageSetup): void {
  let projects = setup.projects;
  const answer = (method: string, input: { id?: string }): unknown => {
    if (method === 'app.info')
      return { name: 'Holotype', version: '0.1.0', platform: 'linux', dataFolder: '~' };
    if (method === 'projects.forget' && Array.isArray(projects)) {
      projects = projects.filter((project: ProjectSummary) => project.id !== input.id);
    }
    return projects;
  };
  const connect = (reason: string): void => {
    if (setup.stopped !== undefined && reason !== 'person') {
      window.postMessage({ holotype: 'engine-stopped', message: setup.stopped, retry: false }, '*');
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener(
      'message',
      ({ data }: MessageEvent<{ kind: string; id: number; method: string; input: { id?: string } }>) => {
        if (data.kind !== 'call') return;
        const output = answer(data.method, data.input);
        if (output === 'never') return;
        const failed =
          typeof output === 'object' && output !== null && 'error' in output ? output : undefined;
        if (failed === undefined) port1.postMessage({ kind: 'result', id: data.id, output });
        else {
          const error = {
            code: 'storage',
            message: failed.error,
            remedy: 'remedy' in failed ? failed.remedy : '',
          };
          port1.postMessage({ kind: 'error', id: data.id, error });
        }
      },
    );
    port1.start();
    window.postMessage({ holotype: 'engine' }, '*', [port2]);
  };
  Reflect.set(window, 'holotypeShell', { connect });
}
