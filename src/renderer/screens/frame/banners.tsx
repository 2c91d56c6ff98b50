import { useEffect, useState } from 'react';
import { useActions, useAppState } from '../../api/context.tsx';
import { Button, Notice } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import { ProjectProblems } from './project-problems.tsx';

/** Shorter losses (ms) are over before anybody can read of them. */
const blip = 1_000;

/** Whether something has been so for a while. */
function useLasting(now: boolean): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasted(now), now ? blip : 0);
    return () => clearTimeout(timer);
  }, [now]);
  return now && lasted;
}

/** What concerns the whole window: no engine, or a project that can only be looked at. */
export function Banners() {
  const connection = useAppState((state) => state.connection);
  const project = useAppState(({ route, project }) =>
    route.screen === 'project' ? valueOf(project.state) : undefined,
  );
  const { connection: engine, projects } = useActions();
  return (
    <div className="frame-banners">
      {useLasting(connection.status === 'reconnecting') ? (
        <Notice tone="warning" title={connection.message} detail="What was saved is safe.">
          <Button size="s" onClick={engine.reconnect}>
            Try now
          </Button>
        </Notice>
      ) : null}
      {connection.status === 'stopped' ? (
        <Notice
          tone="problem"
          title={connection.message}
          detail="What was saved is safe. You can start it again."
        >
          <Button size="s" onClick={engine.reconnect}>
            Start again
          </Button>
        </Notice>
      ) : null}
      {project === undefined ? null : <ProjectProblems project={project} />}
      {project?.readOnly === undefined || project.readOnly === null ? null : (
        <Notice
          tone="info"
          title="You can look at this project but not change it."
          detail={`It is open elsewhere: ${project.readOnly.holder}.`}
        >
          <Button size="s" onClick={() => void projects.takeOver(project.id)}>
            Take over…
          </Button>
        </Notice>
      )}
    </div>
  );
}
