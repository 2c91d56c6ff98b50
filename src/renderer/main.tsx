// First of all, so that what makes its styles at run time finds the nonce.
import './nonce.ts';
import './styles/tokens.css';
import './styles/base.css';
import './components/ui/card.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApp } from './api/app.ts';
import { AppProvider } from './api/context.tsx';
import { desktopHost, shellBridge } from './api/desktop-host.ts';
import { recallTheme } from './api/theme.ts';
import { browserPage, webHost } from './api/web-host.ts';
import { AppScreen } from './screens/app.tsx';
import { createAppStore } from './state/store.ts';

recallTheme();
const bridge = shellBridge(window);
const host = bridge === undefined ? webHost(browserPage(window)) : desktopHost(window, bridge);
const app = createApp(host, createAppStore(), window);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <AppProvider app={app}>
      <AppScreen />
    </AppProvider>
  </StrictMode>,
);
