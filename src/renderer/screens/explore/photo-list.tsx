import { useMemo, useState } from 'react';
import type { Exploration } from '../../../contract/explore.ts';
import { thumbPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useAppState, useMediaUrl } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { PhotoGrid, type TileContent } from '../../components/photos/index.ts';
import { photoById, type PhotoTable } from '../../state/photo-table.ts';
import { useClassColors } from '../judge/use-class-colors.ts';

interface PhotoListProps {
  readonly project: ProjectState;
  readonly found: Exploration;
  readonly selected: ReadonlySet<string>;
  readonly onToggle: (photo: string) => void;
  readonly onOpen: (photo: string) => void;
}

const missing: TileContent = { picture: '', name: '', classes: [] };

/** What is on the map as a list: group after group, or only what is selected. A click or Space selects. */
export function PhotoList({ project, found, selected, onToggle, onOpen }: PhotoListProps) {
  const mediaUrl = useMediaUrl();
  const colors = useClassColors();
  const table = useAppState((state) => state.project.photos);
  const [focused, setFocused] = useState<string>();
  const { ids, groups } = useMemo(() => {
    const order = [...found.photos.keys()].sort(
      (a, b) => (found.groups[a] ?? 0) - (found.groups[b] ?? 0) || a - b,
    );
    return {
      ids: order.map((at) => found.photos[at] ?? ''),
      groups: new Map(found.photos.map((id, at) => [id, (found.groups[at] ?? 0) + 1])),
    };
  }, [found]);
  const contentOf = useMemo(
    () =>
      createContents({
        table,
        groups,
        colors,
        selected,
        pictureOf: (id) => mediaUrl(thumbPath(project.id, id, 128)),
      }),
    [table, groups, colors, selected, mediaUrl, project.id],
  );
  return (
    <div
      className="explore-photos"
      onKeyDown={(event) => {
        if (event.key !== ' ' || focused === undefined) return;
        event.preventDefault();
        onToggle(focused);
      }}
    >
      <PhotoGrid
        label={`Photos by group, ${count(ids.length)}`}
        ids={ids}
        contentOf={contentOf}
        tileSize={84}
        focused={focused}
        onFocus={setFocused}
        onPress={(id) => {
          setFocused(id);
          onToggle(id);
        }}
        onOpen={onOpen}
        selectable
      />
    </div>
  );
}

interface Looks {
  readonly table: PhotoTable;
  readonly groups: ReadonlyMap<string, number>;
  readonly colors: ReadonlyMap<string, number>;
  readonly selected: ReadonlySet<string>;
  readonly pictureOf: (id: string) => string;
}

/** Makes contents of tiles, and remembers them: a tile gets the same object as long as it looks the same. */
function createContents({ table, groups, colors, selected, pictureOf }: Looks): (id: string) => TileContent {
  const made = new Map<string, TileContent>();
  return (id) => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const row = photoById(table, id);
    if (row === undefined) return missing;
    const group = groups.get(id) ?? 0;
    const content = {
      picture: pictureOf(id),
      name: row.path.slice(row.path.lastIndexOf('/') + 1),
      classes: row.labels.map((name) => ({ name, color: colors.get(name) ?? 0 })),
      selected: selected.has(id),
      excluded: row.excluded === true,
      missing: row.missing === true,
      note: String(group),
      spoken: `group ${group}`,
    };
    made.set(id, content);
    return content;
  };
}
