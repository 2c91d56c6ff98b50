import { Archive, FolderOpen, Leaf } from 'lucide-react';
import { useActions, useAppState } from '../../api/context.tsx';
import { DropOverlay } from '../../components/drop-overlay.tsx';
import { Button, ErrorState } from '../../components/ui/index.ts';
import { useBusy } from '../../components/use-busy.ts';
import { useFileDrop } from '../../components/use-file-drop.ts';
import { FirstSteps } from './first-steps.tsx';
import { ProjectCards, ProjectCardsSkeleton } from './project-cards.tsx';
import './home.css';

/** Recent projects, or how to begin. */
export function HomeScreen() {
  const { projects: actions } = useActions();
  const projects = useAppState((state) => state.projects);
  const stopped = useAppState(({ connection }) => connection.status === 'stopped');
  const over = useFileDrop((dropped) => void actions.openDrop(dropped));
  const first = projects.status === 'ready' && projects.value.length === 0;
  return (
    <div className="home">
      <div className="home-content">
        {first ? (
          <FirstSteps buttons={<Openers />} />
        ) : (
          <>
            <header className="home-head">
              <h1>Projects</h1>
              <Openers />
            </header>
            {projects.status === 'failed' ? (
              <ErrorState error={projects.error} onRetry={() => void actions.load()} />
            ) : projects.status === 'ready' ? (
              <ProjectCards projects={projects.value} />
            ) : stopped ? null : (
              <ProjectCardsSkeleton />
            )}
          </>
        )}
        <p className="home-foot">
          Drop a folder of photos anywhere in this window to open it. Your photos and models never leave this
          machine.
        </p>
      </div>
      {over ? (
        <DropOverlay
          title="Drop to open"
          text="A folder of photos, some photos, or a shared project. Folder names become classes."
        />
      ) : null}
    </div>
  );
}

/** The ways into a new project. */
function Openers() {
  const { projects } = useActions();
  const [busy, run] = useBusy<'folder' | 'demo' | 'archive'>();
  return (
    <div className="home-openers">
      <Button icon={Archive} busy={busy === 'archive'} onClick={() => run('archive', projects.openArchive)}>
        Open a shared project
      </Button>
      <Button icon={Leaf} busy={busy === 'demo'} onClick={() => run('demo', projects.openDemo)}>
        Try the demo photos
      </Button>
      <Button
        variant="primary"
        icon={FolderOpen}
        busy={busy === 'folder'}
        onClick={() => run('folder', projects.openFolder)}
      >
        Open a folder of photos
      </Button>
    </div>
  );
}
