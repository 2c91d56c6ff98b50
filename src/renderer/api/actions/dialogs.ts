import type { Skipped } from '../../../contract/dataset.ts';
import type { FolderList } from '../../../contract/folders.ts';
import type { Api } from '../api.ts';

/** Dialogs that can come up anywhere, and what they ask the engine for themselves. */
export function dialogActions(api: Api) {
  return {
    shortcuts: (): void => {
      const open = api.getState().dialogs.find(({ kind }) => kind === 'shortcuts');
      if (open === undefined) api.open({ kind: 'shortcuts' });
      else api.close(open.id);
    },
    reportProblem: (): void => void api.open({ kind: 'report-problem' }),
    /** Files that can't be used, each with the reason. */
    skipped: (project: string): void => void api.open({ kind: 'skipped', project }),
    close: api.close,
    /** What is in a folder; without one, where a person may look. @throws HolotypeError */
    listFolder: (folder: string | undefined, signal: AbortSignal): Promise<FolderList> =>
      api.call('folders.list', folder === undefined ? {} : { folder }, { signal }),
    /** @throws HolotypeError */
    listSkipped: (project: string, signal: AbortSignal): Promise<Skipped[]> =>
      api.call('projects.skipped', { project }, { signal }),
  };
}
