import { Search, X } from 'lucide-react';
import { useId, type ComponentPropsWithRef, type ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { classes } from './classes.ts';
import './field.css';

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  /** Enter, or Escape in an empty field: on to what was found. */
  readonly onDone?: () => void;
  readonly ref?: React.Ref<HTMLInputElement>;
}

/** What is typed is searched for at once; Escape empties it. */
export function SearchField({ label, value, onChange, placeholder, onDone, ref }: SearchFieldProps) {
  return (
    <div className="ui-search">
      <Search aria-hidden />
      <input
        ref={ref}
        type="search"
        className="ui-input"
        aria-label={label}
        placeholder={placeholder ?? label}
        value={value}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          const empties = event.key === 'Escape' && value !== '';
          const leaves = (event.key === 'Escape' || event.key === 'Enter') && onDone !== undefined;
          if (!empties && !leaves) return;
          event.preventDefault();
          event.stopPropagation();
          if (empties) onChange('');
          else onDone?.();
        }}
      />
      {value === '' ? null : (
        <IconButton icon={X} label="Clear the search" size="s" onClick={() => onChange('')} />
      )}
    </div>
  );
}

interface TextFieldProps extends Omit<ComponentPropsWithRef<'input'>, 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** A sentence below; a problem takes its place. */
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  /** The label is there for screen readers only. */
  readonly bare?: boolean;
}

/** A line of text or a number. */
export function TextField({
  label,
  value,
  onChange,
  hint,
  problem,
  bare = false,
  className,
  ...rest
}: TextFieldProps) {
  const id = useId();
  const below = problem ?? hint;
  return (
    <div className="ui-field">
      <label htmlFor={id} className={bare ? 'visually-hidden' : 'ui-label'}>
        {label}
      </label>
      <input
        type="text"
        {...rest}
        id={id}
        className={classes('ui-input', className)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={problem === undefined ? undefined : true}
        aria-describedby={below === undefined ? undefined : `${id}-below`}
      />
      {below === undefined ? null : (
        <p id={`${id}-below`} className={problem === undefined ? 'ui-hint' : 'ui-hint ui-hint-problem'}>
          {below}
        </p>
      )}
    </div>
  );
}

interface TextAreaProps extends Omit<ComponentPropsWithRef<'textarea'>, 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: ReactNode;
}

/** Several lines of text. */
export function TextArea({ label, value, onChange, hint, className, ...rest }: TextAreaProps) {
  const id = useId();
  return (
    <div className="ui-field">
      <label htmlFor={id} className="ui-label">
        {label}
      </label>
      <textarea
        {...rest}
        id={id}
        className={classes('ui-input ui-textarea', className)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={hint === undefined ? undefined : `${id}-below`}
      />
      {hint === undefined ? null : (
        <p id={`${id}-below`} className="ui-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
