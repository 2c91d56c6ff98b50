import { Laptop, Moon, Sun } from 'lucide-react';
import { useEffect } from 'react';
import { themes, type AppSettings } from '../../../contract/app.ts';
import { useActions, useAppState, useHost } from '../../api/context.tsx';
import { askToNotify } from '../../api/notify.ts';
import { Button, ErrorState, Skeleton, Switch, ToggleGroup } from '../../components/ui/index.ts';
import { CacheSettings } from './cache-settings.tsx';
import { DeviceSettings } from './device-settings.tsx';

const themeNames = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;
const themeIcons = { system: Laptop, light: Sun, dark: Moon } as const;

/** What a person can set for all projects. Everything counts at once. */
export function SettingsPage() {
  const { settings: actions } = useActions();
  const settings = useAppState((state) => state.settings.settings);
  return (
    <>
      <header className="settings-head">
        <h1>Settings</h1>
      </header>
      {settings.status === 'failed' ? (
        <ErrorState error={settings.error} onRetry={() => void actions.load()} />
      ) : settings.status === 'ready' ? (
        <>
          <Appearance settings={settings.value} />
          <DeviceSettings settings={settings.value} />
          <Notices settings={settings.value} />
          <CacheSettings settings={settings.value} />
          <Folders />
        </>
      ) : (
        <div role="status" aria-label="Loading the settings" className="settings-group">
          <Skeleton height="72px" />
          <Skeleton height="160px" />
          <Skeleton height="120px" />
        </div>
      )}
    </>
  );
}

function Appearance({ settings }: { readonly settings: AppSettings }) {
  const { settings: actions } = useActions();
  return (
    <section className="settings-group" aria-labelledby="settings-theme">
      <header>
        <h2 id="settings-theme">Theme</h2>
        <ToggleGroup
          label="Theme"
          value={settings.theme}
          options={themes.map((theme) => ({
            value: theme,
            label: themeNames[theme],
            icon: themeIcons[theme],
          }))}
          onChange={(theme) => void actions.change({ theme })}
        />
      </header>
    </section>
  );
}

function Notices({ settings }: { readonly settings: AppSettings }) {
  const { settings: actions } = useActions();
  const { kind } = useHost();
  const blocked = settings.notify && 'Notification' in window && Notification.permission === 'denied';
  // In a browser the page has to be allowed to; a change of this setting is the moment to ask.
  useEffect(() => {
    if (settings.notify && kind === 'web' && navigator.userActivation.isActive) askToNotify();
  }, [settings.notify, kind]);
  return (
    <section className="settings-group" aria-labelledby="settings-notices">
      <header>
        <h2 id="settings-notices">Notices</h2>
      </header>
      <Switch
        label="Tell me when long work ends"
        hint={
          blocked
            ? 'This browser does not let Holotype show notices. You can allow them in its settings for this page.'
            : 'A notice of your system, when the window is in the background.'
        }
        checked={settings.notify}
        onChange={(notify) => void actions.change({ notify })}
      />
    </section>
  );
}

function Folders() {
  const info = useAppState((state) => state.connection.info);
  const { showLogs } = useHost();
  if (info === undefined) return null;
  return (
    <section className="settings-group" aria-labelledby="settings-folders">
      <header>
        <h2 id="settings-folders">Where things are kept</h2>
        {showLogs === undefined ? null : <Button onClick={showLogs}>Show the logs</Button>}
      </header>
      <dl className="settings-facts">
        <dt>Projects, models, settings</dt>
        <dd>
          <code>{info.dataFolder}</code>
        </dd>
        <dt>Caches</dt>
        <dd>
          <code>{info.cacheFolder}</code>
        </dd>
        <dt>Logs</dt>
        <dd>
          <code>{info.logsFolder}</code>
        </dd>
      </dl>
    </section>
  );
}
