import { ChartColumn, CircleHelp, Play, Settings, Tags, WandSparkles, type LucideIcon } from 'lucide-react';
import { useActions, useAppState } from '../../api/context.tsx';
import { IconButton, Menu } from '../../components/ui/index.ts';
import mark from '../../mark.svg';
import { hashOf, projectTabs, type ProjectTab } from '../../state/route.ts';
import { JobsIndicator } from './jobs-indicator.tsx';
import { ProjectSwitcher } from './project-switcher.tsx';

const tabs: Readonly<Record<ProjectTab, { readonly label: string; readonly icon: LucideIcon }>> = {
  label: { label: 'Label', icon: Tags },
  train: { label: 'Train', icon: Play },
  judge: { label: 'Judge', icon: ChartColumn },
  use: { label: 'Use', icon: WandSparkles },
};

/** Where a person is, where they can go, and what is being done. */
export function TopBar() {
  const { navigation, dialogs } = useActions();
  const route = useAppState((state) => state.route);
  const inProject = route.screen === 'project';
  return (
    <header className="frame-bar">
      <button
        type="button"
        className="frame-home"
        aria-label={inProject ? 'All projects' : 'Holotype: all projects'}
        onClick={navigation.home}
      >
        <img src={mark} alt="" width="24" height="24" />
        {inProject ? null : 'Holotype'}
      </button>
      {inProject ? (
        <>
          <ProjectSwitcher />
          <nav className="frame-tabs" aria-label="Project">
            {projectTabs.map((tab) => {
              const { label, icon: Icon } = tabs[tab];
              return (
                <a
                  key={tab}
                  className="frame-tab"
                  href={hashOf({ ...route, tab, detail: '' })}
                  aria-current={route.tab === tab ? 'page' : undefined}
                >
                  <Icon aria-hidden />
                  {label}
                </a>
              );
            })}
          </nav>
        </>
      ) : null}
      <div className="frame-space" />
      <JobsIndicator />
      <Menu
        align="end"
        items={[
          { label: 'Keyboard shortcuts', keys: '?', onSelect: dialogs.shortcuts },
          { label: 'Report a problem', onSelect: dialogs.reportProblem },
          { kind: 'line' },
          { label: 'About Holotype', onSelect: () => navigation.go({ screen: 'about' }) },
        ]}
      >
        <IconButton icon={CircleHelp} label="Help" />
      </Menu>
      <IconButton
        icon={Settings}
        label="Settings"
        keys="mod+,"
        onClick={() => navigation.go({ screen: 'settings' })}
      />
    </header>
  );
}
