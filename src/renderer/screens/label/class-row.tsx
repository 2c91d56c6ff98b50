import { Ellipsis, Merge, Palette, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ClassState, ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { count as counted } from '../../components/format.ts';
import {
  ClassSwatch,
  IconButton,
  Kbd,
  Menu,
  paletteSize,
  shapeName,
  type MenuItem,
} from '../../components/ui/index.ts';
import { classKey } from '../../state/class-keys.ts';
import { ClassNameField } from './class-name-field.tsx';

interface ClassRowProps {
  readonly project: ProjectState;
  readonly own: ClassState;
  /** Position among the classes. */
  readonly at: number;
  /** Photos with this label, as they are shown. */
  readonly count: number;
  /** The grid shows only this class. */
  readonly current: boolean;
  readonly editable: boolean;
}

/** One class of the panel: click to see its photos; a menu to change it. */
export function ClassRow({ project, own, at, count, current, editable }: ClassRowProps) {
  const { label } = useActions();
  const [renaming, setRenaming] = useState(false);
  const key = classKey(at);
  const others = project.classes.filter(({ name }) => name !== own.name);
  if (renaming)
    return (
      <li>
        <ClassNameField
          label={`New name of ${own.name}`}
          start={own.name}
          taken={others.map(({ name }) => name)}
          onSave={(name) => label.renameClass(project.id, own.name, name)}
          onClose={() => setRenaming(false)}
        />
      </li>
    );
  const items: MenuItem[] = [
    { label: 'Rename…', icon: Pencil, onSelect: () => setRenaming(true) },
    {
      kind: 'submenu',
      label: 'Colour and shape',
      icon: Palette,
      items: Array.from({ length: paletteSize }, (_, color) => ({
        label: shapeName(color),
        icon: <ClassSwatch color={color} size={14} />,
        onSelect: () => void label.recolorClass(project.id, own.name, color),
      })),
    },
    {
      kind: 'submenu',
      label: 'Merge into',
      icon: Merge,
      disabled: others.length === 0,
      items: others.map(({ name, color }) => ({
        label: name,
        icon: <ClassSwatch color={color} />,
        onSelect: () => void label.mergeClass(project.id, own.name, name, count),
      })),
    },
    { kind: 'line' },
    {
      label: 'Delete…',
      icon: Trash2,
      danger: true,
      onSelect: () => void label.removeClass(project.id, own.name, count),
    },
  ];
  return (
    <li className={editable ? 'filters-class filters-changeable' : 'filters-class'}>
      <button
        type="button"
        className="filters-row"
        aria-current={current}
        title={own.name}
        onClick={() => label.filter({ kind: 'class', name: own.name })}
      >
        <ClassSwatch color={own.color} size={12} />
        <span className="truncate">{own.name}</span>
        {key === undefined ? null : <Kbd keys={key} />}
        <span className="filters-count numeric">{counted(count)}</span>
      </button>
      {editable ? (
        <Menu items={items} align="start">
          <IconButton icon={Ellipsis} label={`Change ${own.name}`} size="s" className="filters-more" />
        </Menu>
      ) : null}
    </li>
  );
}
