import { ChevronDown, FolderOpen, LayoutGrid } from 'lucide-react';
import { useActions, useAppState } from '../../api/context.tsx';
import { Menu, Skeleton, type MenuItem } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';

/** Others that can be reached from here without a way over the home screen. */
const most = 8;

/** The open project's name; a menu of the others behind it. */
export function ProjectSwitcher() {
  const { projects: actions, navigation } = useActions();
  const open = useAppState(({ project }) => project);
  const projects = useAppState((state) => state.projects);
  const recent = valueOf(projects) ?? [];
  const name = valueOf(open.state)?.name ?? recent.find(({ id }) => id === open.id)?.name;
  const others = recent.filter(({ id, missing }) => id !== open.id && !missing).slice(0, most);
  const items: MenuItem[] = [
    ...(others.length === 0 ? [] : [{ kind: 'heading', label: 'Recent projects' } as const]),
    ...others.map((project) => ({ label: project.name, onSelect: () => actions.open(project.id) })),
    ...(others.length === 0 ? [] : [{ kind: 'line' } as const]),
    { label: 'Open a folder of photos…', icon: FolderOpen, onSelect: () => void actions.openFolder() },
    { label: 'All projects', icon: LayoutGrid, keys: 'alt+0', onSelect: navigation.home },
  ];
  return (
    <Menu items={items}>
      <button type="button" className="frame-project" title={name}>
        {name === undefined ? (
          <>
            <span className="visually-hidden">Project</span>
            <Skeleton width="120px" />
          </>
        ) : (
          <span className="truncate">{name}</span>
        )}
        <ChevronDown aria-hidden />
      </button>
    </Menu>
  );
}
