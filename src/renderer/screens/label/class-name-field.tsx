import { useState } from 'react';
import { TextField } from '../../components/ui/index.ts';

interface ClassNameFieldProps {
  readonly label: string;
  readonly start: string;
  /** Names of other classes. */
  readonly taken: readonly string[];
  /** @returns whether it was saved */
  readonly onSave: (name: string) => Promise<boolean>;
  readonly onClose: () => void;
  /** Stays open for another name. */
  readonly again?: boolean;
}

/** A class's name, typed in its place in the list. Enter saves it, Escape leaves it as it was. */
export function ClassNameField({ label, start, taken, onSave, onClose, again = false }: ClassNameFieldProps) {
  const [name, setName] = useState(start);
  const [busy, setBusy] = useState(false);
  const wanted = name.trim();
  const problem = wanted !== start && taken.includes(wanted) ? 'There is a class of this name.' : undefined;
  const save = async (): Promise<void> => {
    if (busy || problem !== undefined) return;
    if (wanted === '' || wanted === start) return onClose();
    setBusy(true);
    const saved = await onSave(wanted);
    setBusy(false);
    if (!saved) return;
    if (again) setName('');
    else onClose();
  };
  return (
    <form
      className="filters-name"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextField
        bare
        label={label}
        placeholder={label}
        value={name}
        onChange={setName}
        problem={problem}
        maxLength={200}
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          onClose();
        }}
        // Going elsewhere keeps a new name only where it can be kept.
        onBlur={() => (wanted === '' || problem !== undefined ? onClose() : void save().then(onClose))}
      />
    </form>
  );
}
