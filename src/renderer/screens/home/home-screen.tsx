import { FolderOpen } from 'lucide-react';
import { useActions, useAppState } from '../../api/context.tsx';
import { Button, EmptyState } from '../../components/ui/index.ts';

/** Recent projects, or how to begin. */
export function HomeScreen() {
  const { projects: actions } = useActions();
  const projects = useAppState((state) => state.projects);
  return (
    <EmptyState
      icon={FolderOpen}
      title="Projects"
      actions={<Button onClick={() => void actions.openFolder()}>Open a folder of photos</Button>}
    >
      {projects.status === 'ready' ? projects.value.map(({ name }) => name).join(', ') : null}
    </EmptyState>
  );
}
