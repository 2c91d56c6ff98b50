import { useActions, useAppState } from '../../api/context.tsx';
import { Button, Notice } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';

/** What concerns the whole window: no engine, or a project that can only be looked at. */
export function Banners() {
  const connection = useAppState((state) => state.connection);
  const project = useAppState(({ route, project }) =>
    route.screen === 'project' ? valueOf(project.state) : undefined,
  );
  const { connection: engine, projects } = useActions();
  return (
    <div className="frame-banners">
      {connection.status === 'reconnecting' ? (
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
