import type { CacheUse } from '../../../contract/app.ts';
import { toErrorShape } from '../../../contract/errors.ts';
import type { MethodInput } from '../../../contract/methods.ts';
import type { Api } from '../api.ts';
import { rememberTheme } from '../theme.ts';

/** Settings, devices, caches and what the app is made of. */
export function settingsActions(api: Api) {
  const { call, dispatch, session } = api;

  session.on('settings.changed', ({ settings }) => {
    rememberTheme(settings.theme);
    dispatch({ type: 'settings/loaded', part: 'settings', value: settings });
  });
  const failed = (part: 'settings' | 'devices' | 'cache' | 'licences') => (error: unknown) =>
    dispatch({ type: 'settings/failed', part, error: toErrorShape(error) });
  const showCache = (value: CacheUse | undefined): void => {
    if (value !== undefined) dispatch({ type: 'settings/loaded', part: 'cache', value });
  };

  return {
    load: async (): Promise<void> => {
      dispatch({ type: 'settings/loading', part: 'settings' });
      await call('app.settings', {}).then((value) => {
        rememberTheme(value.theme);
        dispatch({ type: 'settings/loaded', part: 'settings', value });
      }, failed('settings'));
    },
    change: async (change: MethodInput<'app.changeSettings'>): Promise<void> => {
      const value = await api.attempt(call('app.changeSettings', change));
      if (value === undefined) return;
      rememberTheme(value.theme);
      dispatch({ type: 'settings/loaded', part: 'settings', value });
    },
    /** Tries every device, the first time; takes seconds. */
    loadDevices: async (): Promise<void> => {
      dispatch({ type: 'settings/loading', part: 'devices' });
      await call('devices.list', {}).then(
        (value) => dispatch({ type: 'settings/loaded', part: 'devices', value }),
        failed('devices'),
      );
    },
    loadCache: async (): Promise<void> => {
      dispatch({ type: 'settings/loading', part: 'cache' });
      await call('app.cacheUse', {}).then(showCache, failed('cache'));
    },
    clearCache: async (kinds: MethodInput<'app.clearCache'>['kinds']): Promise<void> => {
      showCache(await api.attempt(call('app.clearCache', { kinds })));
    },
    loadLicences: async (): Promise<void> => {
      dispatch({ type: 'settings/loading', part: 'licences' });
      await call('app.licences', {}).then(
        (value) => dispatch({ type: 'settings/loaded', part: 'licences', value }),
        failed('licences'),
      );
    },
    /** Writes a report of a problem and saves it where a person wants it. @returns whether it was saved */
    reportProblem: async (note: string): Promise<boolean> => {
      const report = await api.attempt(call('app.problemReport', { note }));
      if (report === undefined) return false;
      return (await api.attempt(api.host.save(report.download, report.name))) === true;
    },
  };
}
