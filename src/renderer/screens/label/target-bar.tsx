import { Eraser, Eye, EyeOff, Maximize2, ScanSearch, X } from 'lucide-react';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { ClassSwatch, IconButton, Kbd } from '../../components/ui/index.ts';
import { classKey } from '../../state/class-keys.ts';
import { photoById, type PhotoTable } from '../../state/photo-table.ts';
import { clearSelection } from '../../state/selection.ts';
import { NumberEntry } from './number-entry.tsx';
import type { Labelling } from './use-labelling.ts';
import './target-bar.css';

interface TargetBarProps {
  readonly project: ProjectState;
  readonly table: PhotoTable;
  readonly labelling: Labelling;
  /** Shows a photo alone; undefined where it is shown already. */
  readonly onOpen: ((photo: string) => void) | undefined;
  readonly onSimilar: (photo: string) => void;
}

const pressed = { all: true, some: 'mixed', none: false } as const;

/** What is selected, and what can be done with it. Always there, so that nothing moves when it comes and goes. */
export function TargetBar({ project, table, labelling, onOpen, onSimilar }: TargetBarProps) {
  const { label } = useActions();
  const selection = useAppState((state) => state.label.selection);
  const { photos, readOnly, labels, allOut, entry } = labelling;
  const [first] = photos;
  const nothing = first === undefined;
  const single = photos.length === 1 ? first : undefined;
  const name = single === undefined ? undefined : photoById(table, single)?.path;
  const inSelection = onOpen !== undefined && selection.selected.size > 0 && !nothing;
  return (
    <div className="target" role="group" aria-label="What is selected">
      <div className="target-what">
        {inSelection ? (
          <>
            <span className="numeric">{plural(photos.length, 'photo')} selected</span>
            <IconButton
              icon={X}
              label="Clear the selection"
              keys="escape"
              size="s"
              onClick={() => label.select(clearSelection(selection))}
            />
          </>
        ) : (
          <span className={nothing ? 'muted truncate' : 'truncate'} title={name}>
            {name?.slice(name.lastIndexOf('/') + 1) ?? 'No photo selected'}
          </span>
        )}
      </div>
      {labels ? (
        <div className="target-classes">
          {project.classes.map(({ name: own, color }, at) => {
            const key = classKey(at);
            return (
              <button
                key={own}
                type="button"
                className="target-class"
                title={own}
                aria-pressed={pressed[labelling.has(own)]}
                disabled={readOnly || nothing}
                onClick={() => labelling.assign(own)}
              >
                <ClassSwatch color={color} size={11} />
                <span className="truncate">{own}</span>
                {key === undefined ? null : <Kbd keys={key} />}
              </button>
            );
          })}
        </div>
      ) : (
        <NumberEntry labelling={labelling} entry={entry} />
      )}
      <div className="target-actions">
        {labels ? (
          <IconButton
            icon={Eraser}
            label="Take the label away"
            keys="0"
            disabled={readOnly || nothing}
            onClick={labelling.clear}
          />
        ) : null}
        <IconButton
          icon={allOut ? Eye : EyeOff}
          label={allOut ? 'Take back into training' : 'Leave out of training'}
          keys="x"
          disabled={readOnly || nothing}
          onClick={labelling.toggleOut}
        />
        <IconButton
          icon={ScanSearch}
          label="Find similar photos"
          keys="f"
          disabled={single === undefined}
          onClick={() => (single === undefined ? undefined : onSimilar(single))}
        />
        {onOpen === undefined ? null : (
          <IconButton
            icon={Maximize2}
            label="Look at the photo alone"
            keys="enter"
            disabled={single === undefined}
            onClick={() => (single === undefined ? undefined : onOpen(single))}
          />
        )}
      </div>
    </div>
  );
}
