import type { Source } from '../../../contract/ids.ts';
import type { PickKind } from '../../../contract/shell.ts';
import type { DialogContent } from '../../state/dialogs.ts';
import type { Api } from '../api.ts';

export interface Picking {
  /** Asks a person for a folder or file on the engine's machine, with the system's dialog or our own. */
  pick(what: PickKind, title: string): Promise<Source | undefined>;
  /** Asks whether to go on. */
  confirm(question: Omit<Extract<DialogContent, { kind: 'confirm' }>, 'kind'>): Promise<boolean>;
}

/** Questions to a person that other actions wait for. */
export function createPicking(api: Api): Picking {
  return {
    pick: async (what, title) => {
      const { pick } = api.host;
      const place =
        pick === undefined
          ? await api.open<string>({ kind: 'pick', what, title }).closed
          : await api.attempt(pick(what));
      return place === undefined || place === null ? undefined : { place };
    },
    confirm: async (question) => (await api.open<boolean>({ kind: 'confirm', ...question }).closed) === true,
  };
}
