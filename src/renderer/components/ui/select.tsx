import { Check, ChevronDown } from 'lucide-react';
import { Select as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { styleNonce } from './nonce.ts';
import { useOverlays } from './overlays.tsx';
import './select.css';

export interface Option<V extends string> {
  readonly value: V;
  readonly label: string;
  /** A sentence below the label, in the list only. */
  readonly hint?: string;
  readonly icon?: ReactNode;
  readonly disabled?: boolean;
}

interface SelectProps<V extends string> {
  readonly label: string;
  readonly value: V;
  readonly options: readonly Option<V>[];
  readonly onChange: (value: V) => void;
  readonly disabled?: boolean;
  /** An id of the visible label; then `label` is not read out. */
  readonly labelledBy?: string;
  /** Words before the value, inside the field: "Sort by". */
  readonly prefix?: string;
  readonly size?: 'm' | 's';
}

/** One of several. */
export function Select<V extends string>({
  label,
  value,
  options,
  onChange,
  disabled = false,
  labelledBy,
  prefix,
  size = 'm',
}: SelectProps<V>) {
  const chosen = options.find((option) => option.value === value);
  return (
    // Only values of `options` are in the list.
    <Radix.Root value={value} onValueChange={(next) => onChange(next as V)} disabled={disabled}>
      <Radix.Trigger
        className={size === 's' ? 'ui-select ui-select-s' : 'ui-select'}
        {...(labelledBy === undefined ? { 'aria-label': label } : { 'aria-labelledby': labelledBy })}
      >
        {prefix === undefined ? null : <span className="muted">{prefix}</span>}
        {chosen?.icon}
        <span className="truncate">
          <Radix.Value>{chosen?.label}</Radix.Value>
        </span>
        <ChevronDown aria-hidden />
      </Radix.Trigger>
      <Radix.Portal {...useOverlays()}>
        <Radix.Content
          className="ui-menu ui-select-list"
          position="popper"
          sideOffset={4}
          collisionPadding={8}
        >
          <Radix.Viewport {...nonceProp()}>
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                disabled={option.disabled === true}
                className="ui-menu-item"
              >
                <span className="ui-menu-icon">
                  <Radix.ItemIndicator>
                    <Check aria-hidden />
                  </Radix.ItemIndicator>
                </span>
                {option.icon}
                <span className="ui-select-text">
                  <Radix.ItemText>{option.label}</Radix.ItemText>
                  {option.hint === undefined ? null : <span className="ui-select-hint">{option.hint}</span>}
                </span>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function nonceProp(): { nonce?: string } {
  const nonce = styleNonce();
  return nonce === undefined ? {} : { nonce };
}
