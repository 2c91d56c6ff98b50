import { Plus, Tag } from 'lucide-react';
import { useState } from 'react';
import type { Exploration } from '../../../contract/explore.ts';
import { thumbPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Button, ClassSwatch, Menu, paletteSize } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { ClassNameField } from '../label/class-name-field.tsx';

interface GroupListProps {
  readonly project: ProjectState;
  readonly found: Exploration;
  readonly onSelect: (photos: readonly string[], add: boolean) => void;
}

/** Photos of a group that are shown in its row. */
const shown = 4;

/** The groups, the largest first: each can be selected, or named, which labels its photos. */
export function GroupList({ project, found, onSelect }: GroupListProps) {
  return (
    <ul className="explore-list">
      {Array.from({ length: found.groupCount }, (_, group) => (
        <GroupRow key={group} group={group} project={project} found={found} onSelect={onSelect} />
      ))}
    </ul>
  );
}

function GroupRow({ group, project, found, onSelect }: GroupListProps & { readonly group: number }) {
  const mediaUrl = useMediaUrl();
  const { label } = useActions();
  const table = useAppState((state) => state.project.photos);
  const [naming, setNaming] = useState(false);
  const photos = found.photos.filter((_, at) => found.groups[at] === group);
  const open = photos.filter((photo) => photoById(table, photo)?.labels.length === 0);
  // What people have labelled themselves is theirs, unless they have labelled everything.
  const meant = open.length > 0 ? open : photos;
  const name = `Group ${group + 1}`;
  const give = (to: string): Promise<void> =>
    project.task === 'multi-label'
      ? label.mark(project.id, meant, to, true)
      : label.assign(project.id, meant, to);
  const words =
    open.length > 0 ? `Label ${plural(open.length, 'photo')} without a label` : 'Label all of it again';
  return (
    <li className="explore-group">
      <div className="explore-group-head">
        <ClassSwatch color={group % paletteSize} />
        <strong>{name}</strong>
        <span className="muted small numeric">
          {plural(photos.length, 'photo')}
          {open.length > 0 ? `, ${open.length} without a label` : ''}
        </span>
      </div>
      <div className="explore-thumbs">
        {(found.typical[group] ?? []).slice(0, shown).map((at) => (
          <img
            key={at}
            src={mediaUrl(thumbPath(project.id, found.photos[at] ?? '', 128))}
            alt=""
            width="64"
            height="64"
            loading="lazy"
          />
        ))}
      </div>
      {naming ? (
        <ClassNameField
          label={`Name of ${name}`}
          start=""
          taken={project.classes.map((one) => one.name)}
          onSave={async (to) => {
            if (!(await label.createClass(project.id, to))) return false;
            await give(to);
            return true;
          }}
          onClose={() => setNaming(false)}
        />
      ) : (
        <div className="explore-group-actions">
          <Button size="s" aria-label={`Select ${name}`} onClick={() => onSelect(photos, false)}>
            Select
          </Button>
          {project.task === 'regression' ? null : (
            <Menu
              align="start"
              items={[
                { kind: 'heading', label: words },
                ...project.classes.map((one) => ({
                  label: one.name,
                  icon: <ClassSwatch color={one.color} />,
                  onSelect: () => void give(one.name),
                })),
                { kind: 'line' },
                { label: 'New class…', icon: Plus, onSelect: () => setNaming(true) },
              ]}
            >
              <Button size="s" icon={Tag} aria-label={`Name ${name}`} disabled={project.readOnly !== null}>
                Name
              </Button>
            </Menu>
          )}
        </div>
      )}
    </li>
  );
}
