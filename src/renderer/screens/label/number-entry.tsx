import { useState, type RefObject } from 'react';
import type { Labelling } from './use-labelling.ts';
import './number-entry.css';

/** A number as people type it: with a point or a comma. Null for nothing, undefined for what is no number. */
export function typedNumber(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const value = Number(trimmed.replace(',', '.'));
  return Number.isFinite(value) ? value : undefined;
}

interface NumberEntryProps {
  readonly labelling: Labelling;
  readonly entry: RefObject<HTMLInputElement | null>;
}

/** The number that the photos are to be answered with: Enter gives it to them and goes on to the next photo. */
export function NumberEntry({ labelling, entry }: NumberEntryProps) {
  const { photos, readOnly, target } = labelling;
  const [typed, setTyped] = useState<{ readonly of: string; readonly text: string }>();
  const of = `${photos.length} ${photos[0] ?? ''} ${target ?? ''}`;
  const text = typed?.of === of ? typed.text : typeof target === 'number' ? String(target) : '';
  const value = typedNumber(text);
  return (
    <form
      className="number-entry"
      onSubmit={(event) => {
        event.preventDefault();
        if (value === undefined) return;
        setTyped(undefined);
        labelling.setTarget(value);
      }}
    >
      <input
        ref={entry}
        className="ui-input numeric"
        inputMode="decimal"
        aria-label="Number of the photo"
        aria-invalid={value === undefined ? true : undefined}
        placeholder={target === 'several' ? 'Several numbers' : 'Number'}
        disabled={readOnly || photos.length === 0}
        value={text}
        onChange={(event) => setTyped({ of, text: event.target.value })}
        onFocus={(event) => event.target.select()}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          setTyped(undefined);
          event.currentTarget.blur();
        }}
      />
      <span className="muted small" role="status">
        {value === undefined ? 'This is no number.' : 'Enter gives it and goes on; N comes back here.'}
      </span>
    </form>
  );
}
