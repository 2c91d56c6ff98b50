import { Progress as RadixProgress, Slider as RadixSlider, Switch as RadixSwitch } from 'radix-ui';
import { useId, type ReactNode } from 'react';
import './controls.css';

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  /** The value in words: read out in place of the bare number. */
  readonly valueText: string;
  readonly disabled?: boolean;
}

/** A number in a range. */
export function Slider({ label, value, min, max, step, onChange, valueText, disabled = false }: SliderProps) {
  return (
    <RadixSlider.Root
      className="ui-slider"
      value={[value]}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      onValueChange={([next]) => (next === undefined ? undefined : onChange(next))}
    >
      <RadixSlider.Track className="ui-slider-track">
        <RadixSlider.Range className="ui-slider-range" />
      </RadixSlider.Track>
      <RadixSlider.Thumb className="ui-slider-thumb" aria-label={label} aria-valuetext={valueText} />
    </RadixSlider.Root>
  );
}

interface SwitchProps {
  readonly label: string;
  /** A sentence below. */
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

/** On or off, at once. */
export function Switch({ label, hint, checked, onChange, disabled = false }: SwitchProps) {
  const id = useId();
  return (
    <div className="ui-switch-row">
      <RadixSwitch.Root
        id={id}
        className="ui-switch"
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
      >
        <RadixSwitch.Thumb className="ui-switch-thumb" />
      </RadixSwitch.Root>
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="muted small">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

interface ProgressProps {
  readonly label: string;
  readonly done: number;
  /** Null while nobody knows. */
  readonly total: number | null;
  /** Paused or failed: greyed. */
  readonly still?: boolean;
}

/** How far something is. */
export function Progress({ label, done, total, still = false }: ProgressProps) {
  const part = total === null || total === 0 ? null : Math.min(1, done / total);
  return (
    <RadixProgress.Root
      className={still ? 'ui-progress ui-progress-still' : 'ui-progress'}
      aria-label={label}
      value={part === null ? null : Math.round(part * 100)}
    >
      <RadixProgress.Indicator
        className="ui-progress-bar"
        style={part === null ? {} : { transform: `scaleX(${part})` }}
      />
    </RadixProgress.Root>
  );
}
