import { useEffect, type ReactNode } from 'react';
import { useActions, useAppState } from '../../api/context.tsx';
import { OverlayPlace } from '../../components/ui/index.ts';
import { useShortcuts } from '../../components/shortcuts.tsx';
import type { JobsState } from '../../state/jobs.ts';
import { valueOf } from '../../state/loadable.ts';
import { projectTabs } from '../../state/route.ts';
import { Banners } from './banners.tsx';
import { GlobalDialogs } from './global-dialogs.tsx';
import { Messages } from './messages.tsx';
import { TopBar } from './top-bar.tsx';
import './app-frame.css';

/** What is round every screen: the bar on top, banners below it, dialogs and messages over it. */
export function AppFrame({ children }: { readonly children: ReactNode }) {
  useGlobalShortcuts();
  useTitle();
  return (
    <div className="frame">
      <a className="frame-skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <TopBar />
      <Banners />
      <main id="main" className="frame-main" tabIndex={-1}>
        {children}
        <GlobalDialogs />
        <OverlayPlace />
      </main>
      <Messages />
    </div>
  );
}

/** Without the address, which is where the route stands. */
function skipToMain(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** The window's title: what is open, and how far a training is, for when the window is in the background. */
function useTitle(): void {
  const name = useAppState(({ route, project }) =>
    route.screen === 'project' ? valueOf(project.state)?.name : undefined,
  );
  const share = useAppState(({ jobs }) => trainingShare(jobs));
  useEffect(() => {
    document.title = [
      share === undefined ? '' : `${share}% · `,
      name ?? '',
      name === undefined ? '' : ' – ',
      'Holotype',
    ].join('');
  }, [name, share]);
}

/** How far the training is that runs now, in percent of its stage; undefined without one. */
function trainingShare(jobs: JobsState): number | undefined {
  const training = [...jobs.byId.values()].find(({ kind, state }) => kind === 'train' && state === 'running');
  const { done = 0, total = null } = training?.progress ?? {};
  return total === null || total === 0 ? undefined : Math.floor((100 * Math.min(done, total)) / total);
}

function useGlobalShortcuts(): void {
  const { navigation, dialogs } = useActions();
  const inProject = useAppState(({ route }) => route.screen === 'project');
  const tabs = projectTabs.map((tab, at) => ({
    keys: `alt+${at + 1}`,
    label: `Go to ${tab.slice(0, 1).toUpperCase()}${tab.slice(1)}`,
    run: () => navigation.tab(tab),
  }));
  useShortcuts('Everywhere', [
    { keys: '?', label: 'Keyboard shortcuts', run: dialogs.shortcuts },
    { keys: 'mod+,', label: 'Settings', run: () => navigation.go({ screen: 'settings' }) },
    { keys: 'alt+0', label: 'All projects', run: navigation.home },
    ...(inProject ? tabs : []),
  ]);
}
