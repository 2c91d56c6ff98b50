import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/tokens.css';
import './styles/base.css';
import './styles/home.css';
import { connectEngine } from './api/engine.ts';
import { pageShell } from './api/shell.ts';
import { Home } from './screens/home.tsx';
import { createAppStore } from './state/store.ts';

const store = createAppStore();
const engine = connectEngine(pageShell(window), store.dispatch);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <Home store={store} engine={engine} />
  </StrictMode>,
);
