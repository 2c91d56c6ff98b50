import { useEffect, useState } from 'react';
import { useStore } from 'zustand/react';
import type { Engine } from '../api/engine.ts';
import { FirstSteps } from '../components/first-steps.tsx';
import { Notice } from '../components/notice.tsx';
import { ProjectList, ProjectListSkeleton } from '../components/project-list.tsx';
import mark from '../mark.svg';
import type { AppState } from '../state/state.ts';
import type { AppStore } from '../state/store.ts';

interface HomeProps {
  readonly store: AppStore;
  readonly engine: Engine;
}

/** The first window: recent projects, or how to begin. */
export function Home({ store, engine }: HomeProps) {
  const state = useStore(store, (whole) => whole);
  const now = useNow();
  return (
    <div className="page">
      <header className="masthead">
        <img src={mark} alt="" width="32" height="32" />
        <h1>Holotype</h1>
        {state.info === undefined ? null : <span className="muted version">{state.info.version}</span>}
      </header>
      <main>
        <ConnectionNotice state={state} engine={engine} />
        {state.problem === undefined ? null : (
          <Notice tone="problem" title={state.problem.message} detail={state.problem.remedy}>
            <button type="button" onClick={() => store.dispatch({ type: 'problem-dismissed' })}>
              Dismiss
            </button>
          </Notice>
        )}
        <Projects state={state} engine={engine} now={now} />
      </main>
      <footer className="footer muted">Your photos and models never leave this machine.</footer>
    </div>
  );
}

function Projects({ state, engine, now }: { state: AppState; engine: Engine; now: Date }) {
  const { projects, connection } = state;
  if (projects.status === 'failed') {
    return (
      <Notice tone="problem" title={projects.error.message} detail={projects.error.remedy}>
        <button type="button" onClick={engine.reload}>
          Try again
        </button>
      </Notice>
    );
  }
  if (projects.status === 'loading' && connection.status === 'stopped') return null;
  if (projects.status === 'ready' && projects.value.length === 0) return <FirstSteps />;
  return (
    <>
      <h2 className="section-title">Projects</h2>
      {projects.status === 'loading' ? (
        <ProjectListSkeleton />
      ) : (
        <ProjectList projects={projects.value} now={now} onForget={engine.forgetProject} />
      )}
    </>
  );
}

function ConnectionNotice({ state: { connection }, engine }: { state: AppState; engine: Engine }) {
  if (connection.status === 'restarting') return <Notice tone="info" title={connection.message} />;
  if (connection.status !== 'stopped') return null;
  return (
    <Notice
      tone="problem"
      title={connection.message}
      detail="What was saved is safe. You can start it again."
    >
      <button type="button" onClick={engine.reconnect}>
        Start again
      </button>
    </Notice>
  );
}

/** The time, for "3 minutes ago": looked at again every minute. */
function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
