import { EyeOff, Images, Maximize2, ScanSearch, SearchX, Unplug } from 'lucide-react';
import { useEffect, useRef, type RefObject } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { count, plural } from '../../components/format.ts';
import { PhotoGrid } from '../../components/photos/index.ts';
import {
  Button,
  ClassSwatch,
  ContextMenu,
  EmptyState,
  ErrorState,
  Skeleton,
  type MenuItem,
} from '../../components/ui/index.ts';
import { classKey } from '../../state/class-keys.ts';
import { moveTo, pressPhoto } from '../../state/selection.ts';
import type { Labelling } from './use-labelling.ts';
import { onlyOn } from './use-labelling.ts';
import type { ShownPhotos } from './use-photos.ts';
import { useTiles } from './use-tiles.ts';

interface GridAreaProps {
  readonly project: ProjectState;
  readonly shown: ShownPhotos;
  readonly colors: ReadonlyMap<string, number>;
  readonly labelling: Labelling;
  readonly place: { current: number };
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onOpen: (photo: string) => void;
  readonly onSimilar: (photo: string) => void;
}

/** The photos, or why there are none. */
export function GridArea(props: GridAreaProps) {
  const { project, shown, colors, labelling, place, grid, onOpen, onSimilar } = props;
  const { label, photos } = useActions();
  const { selection, view, filter, search, sort } = useAppState((state) => state.label);
  const load = useAppState((state) => state.project.photosLoad);
  const contentOf = useTiles(project.id, shown, colors);
  const { ids, table } = shown;
  useTop(grid, [filter, search, sort]);
  if (ids.length === 0) {
    if (load.status === 'failed')
      return <ErrorState error={load.error} onRetry={() => photos.load(project.id)} />;
    if (table.rows.length > 0) return <NoMatch />;
    if (load.status === 'loading' || project.scan !== null) return <LoadingTiles size={view.tileSize} />;
    return <NoPhotos project={project} />;
  }
  return (
    <ContextMenu items={menuItems(project, labelling, onOpen, onSimilar)}>
      <div className="label-grid">
        <PhotoGrid
          ref={grid}
          label={`Photos, ${count(ids.length)}`}
          ids={ids}
          contentOf={contentOf}
          tileSize={view.tileSize}
          focused={selection.focused}
          onFocus={(id, keys) => label.select(moveTo(selection, ids, id, keys))}
          onPress={(id, keys) => label.select(pressPhoto(selection, ids, id, keys))}
          onOpen={onOpen}
          onMenu={(id) => {
            if (!selection.selected.has(id)) label.select(onlyOn(ids, id));
          }}
          selectable
          place={place}
          autoFocus
        />
      </div>
    </ContextMenu>
  );
}

/** Other photos, or another order, are looked at from their beginning. */
function useTop(grid: RefObject<HTMLDivElement | null>, of: readonly unknown[]): void {
  const before = useRef(of);
  useEffect(() => {
    if (before.current.every((one, at) => one === of[at])) return;
    before.current = of;
    grid.current?.scrollTo({ top: 0 });
  });
}

function menuItems(
  project: ProjectState,
  labelling: Labelling,
  onOpen: (photo: string) => void,
  onSimilar: (photo: string) => void,
): MenuItem[] {
  const { photos, readOnly, labels, allOut } = labelling;
  const [first] = photos;
  const single = photos.length === 1 && first !== undefined;
  const classes = project.classes.map(({ name, color }, at): MenuItem => {
    const key = classKey(at);
    return {
      label: name,
      icon: <ClassSwatch color={color} />,
      ...(key === undefined ? {} : { keys: key }),
      onSelect: () => labelling.assign(name),
    };
  });
  return [
    { kind: 'heading', label: plural(photos.length, 'photo') },
    ...(labels && !readOnly
      ? [
          { kind: 'submenu', label: 'Label', items: classes, disabled: classes.length === 0 } as const,
          { label: 'Take the label away', keys: '0', onSelect: labelling.clear },
        ]
      : []),
    ...(readOnly
      ? []
      : [
          {
            label: allOut ? 'Take back into training' : 'Leave out of training',
            icon: EyeOff,
            keys: 'x',
            onSelect: labelling.toggleOut,
          },
        ]),
    ...(single
      ? [
          { kind: 'line' } as const,
          { label: 'Look at it alone', icon: Maximize2, keys: 'enter', onSelect: () => onOpen(first) },
          { label: 'Find similar photos', icon: ScanSearch, keys: 'f', onSelect: () => onSimilar(first) },
        ]
      : []),
  ];
}

function NoMatch() {
  const { label } = useActions();
  const { filter, search } = useAppState((state) => state.label);
  const clear = (): void => {
    label.search('');
    label.filter({ kind: 'all' });
  };
  const everything = search === '' && filter.kind === 'unlabeled';
  return (
    <EmptyState
      icon={everything ? Images : SearchX}
      title={everything ? 'Every photo has a label' : 'No photo matches'}
      actions={<Button onClick={clear}>Show all photos</Button>}
    >
      {everything
        ? 'Well done. You can train now, or look through what you labelled.'
        : search === ''
          ? 'No photo is like that at the moment.'
          : `No photo’s name has “${search}” in it${filter.kind === 'all' ? '' : ', of those the filter lets through'}.`}
    </EmptyState>
  );
}

function NoPhotos({ project }: { readonly project: ProjectState }) {
  const { dialogs, projects } = useActions();
  const { skipped, missing } = project.counts;
  return (
    <EmptyState
      icon={missing > 0 ? Unplug : Images}
      title={skipped > 0 ? 'None of the files here could be used' : 'There are no photos here yet'}
      actions={
        <>
          {skipped > 0 ? (
            <Button onClick={() => dialogs.skipped(project.id)}>
              See why {plural(skipped, 'file was', 'files were')} left out
            </Button>
          ) : null}
          <Button onClick={() => void projects.rescan(project.id)}>Look again</Button>
        </>
      }
    >
      Holotype looks for photos in {project.photoFolders.join(', ')}. Put some there, in a folder for each
      class if you have sorted them already, then look again.
    </EmptyState>
  );
}

function LoadingTiles({ size }: { readonly size: number }) {
  return (
    <div
      className="label-loading"
      role="status"
      aria-label="The photos are on their way"
      style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${size}px, 1fr))` }}
    >
      {Array.from({ length: 24 }, (_, at) => (
        <Skeleton key={at} height={`${size}px`} />
      ))}
    </div>
  );
}
