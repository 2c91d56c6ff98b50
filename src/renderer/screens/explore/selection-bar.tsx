import { Eraser, EyeOff, Plus, X } from 'lucide-react';
import { useState } from 'react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { Button, ClassSwatch, IconButton } from '../../components/ui/index.ts';
import { ClassNameField } from '../label/class-name-field.tsx';

interface SelectionBarProps {
  readonly project: ProjectState;
  readonly selected: readonly string[];
  readonly onClear: () => void;
}

/** How many photos are selected, and what can be done with all of them. */
export function SelectionBar({ project, selected, onClear }: SelectionBarProps) {
  const { label } = useActions();
  const [naming, setNaming] = useState(false);
  const nothing = selected.length === 0;
  const disabled = nothing || project.readOnly !== null;
  const give = (name: string): Promise<void> =>
    project.task === 'multi-label'
      ? label.mark(project.id, selected, name, true)
      : label.assign(project.id, selected, name);
  return (
    <div className="explore-selection" role="group" aria-label="What is selected">
      <span className="numeric explore-selected">
        {nothing ? (
          <span className="muted">No photo selected</span>
        ) : (
          `${plural(selected.length, 'photo')} selected`
        )}
      </span>
      {nothing ? null : <IconButton icon={X} label="Clear the selection" size="s" onClick={onClear} />}
      {project.task === 'regression' ? null : (
        <div className="explore-classes">
          {project.classes.map(({ name, color }) => (
            <button
              key={name}
              type="button"
              className="target-class"
              title={name}
              disabled={disabled}
              onClick={() => void give(name)}
            >
              <ClassSwatch color={color} size={11} />
              <span className="truncate">{name}</span>
            </button>
          ))}
          {naming ? (
            <ClassNameField
              label="New class"
              start=""
              taken={project.classes.map(({ name }) => name)}
              onSave={async (name) => {
                if (!(await label.createClass(project.id, name))) return false;
                await give(name);
                return true;
              }}
              onClose={() => setNaming(false)}
            />
          ) : (
            <Button size="s" icon={Plus} disabled={disabled} onClick={() => setNaming(true)}>
              New class
            </Button>
          )}
          <IconButton
            icon={Eraser}
            label="Take the label away"
            disabled={disabled}
            onClick={() => void label.assign(project.id, selected, null)}
          />
        </div>
      )}
      <IconButton
        icon={EyeOff}
        label="Leave out of training"
        disabled={disabled}
        onClick={() => void label.exclude(project.id, selected, true)}
      />
    </div>
  );
}
