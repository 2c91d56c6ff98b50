import { toErrorShape } from '../../../contract/errors.ts';
import type { ModelInfo } from '../../../contract/models.ts';
import type { Api } from '../api.ts';
import type { Picking } from './picking.ts';

/** Pretrained models: what there is, fetching, importing, removing. */
export function modelActions(api: Api, picking: Picking) {
  const { call, dispatch } = api;
  const show = (value: readonly ModelInfo[] | undefined): void => {
    if (value !== undefined) dispatch({ type: 'settings/loaded', part: 'models', value });
  };
  return {
    load: async (): Promise<void> => {
      dispatch({ type: 'settings/loading', part: 'models' });
      await call('models.list', {}).then(show, (error: unknown) =>
        dispatch({ type: 'settings/failed', part: 'models', error: toErrorShape(error) }),
      );
    },
    /** Blocks, parameters and cost of an installed model. */
    details: async (id: string): Promise<void> => {
      const known = api.getState().settings.modelDetails.get(id)?.status;
      if (known === 'ready' || known === 'loading') return;
      dispatch({ type: 'settings/model', id, details: { status: 'loading' } });
      await call('models.details', { id }).then(
        (value) => dispatch({ type: 'settings/model', id, details: { status: 'ready', value } }),
        (error: unknown) =>
          dispatch({ type: 'settings/model', id, details: { status: 'failed', error: toErrorShape(error) } }),
      );
    },
    /** Downloads a model; asks first where nobody publishes a hash to check it by. */
    fetch: async (model: ModelInfo): Promise<void> => {
      const trust =
        !model.asksForTrust ||
        (await picking.confirm({
          title: `Download ${model.name} without a published checksum?`,
          text: 'Its publisher gives no checksum for this file. Holotype remembers the one of this download and refuses any other later. The file is data: nothing in it is run as a program.',
          confirm: 'Download',
          danger: false,
        }));
      if (trust) await api.attempt(call('models.fetch', { id: model.id, trust: model.asksForTrust }));
    },
    import: async (): Promise<void> => {
      const source = await picking.pick('model', 'Import a model');
      if (source !== undefined) show(await api.attempt(call('models.import', { source })));
    },
    remove: async (model: ModelInfo): Promise<void> => {
      const imported = model.origin === 'imported';
      const sure = await picking.confirm({
        title: `Remove ${model.name}?`,
        text: imported
          ? 'Holotype’s copy of the file is deleted. Models you trained with it keep working.'
          : 'The downloaded file is deleted; it can be downloaded again. Models you trained with it keep working.',
        confirm: 'Remove',
        danger: true,
      });
      if (sure) show(await api.attempt(call('models.remove', { id: model.id })));
    },
  };
}
