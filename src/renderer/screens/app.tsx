import { lazy, Suspense } from 'react';
import { useApi, useAppState } from '../api/context.tsx';
import { ShortcutsProvider } from '../components/shortcuts.tsx';
import { OverlayProvider, TooltipProvider } from '../components/ui/index.ts';
import { hashOf, type Route } from '../state/route.ts';
import { AppFrame } from './frame/app-frame.tsx';
import { ErrorBoundary } from './frame/error-boundary.tsx';
import { HomeScreen } from './home/home-screen.tsx';
import { ProjectScreen } from './project/project-screen.tsx';

const SettingsArea = lazy(async () => ({
  default: (await import('./settings/settings-area.tsx')).SettingsArea,
}));

/** The whole window. */
export function AppScreen() {
  const route = useAppState((state) => state.route);
  const api = useApi();
  return (
    <ShortcutsProvider>
      <TooltipProvider>
        <OverlayProvider>
          <AppFrame>
            <ErrorBoundary at={hashOf(route)} onReport={() => void api.open({ kind: 'report-problem' })}>
              <Screen route={route} />
            </ErrorBoundary>
          </AppFrame>
        </OverlayProvider>
      </TooltipProvider>
    </ShortcutsProvider>
  );
}

function Screen({ route }: { readonly route: Route }) {
  switch (route.screen) {
    case 'home':
      return <HomeScreen />;
    case 'project':
      return <ProjectScreen id={route.project} tab={route.tab} />;
    default:
      return (
        <Suspense>
          <SettingsArea page={route.screen} />
        </Suspense>
      );
  }
}
