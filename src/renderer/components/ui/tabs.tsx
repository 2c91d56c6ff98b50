import { Tabs as RadixTabs, ToggleGroup as RadixToggle } from 'radix-ui';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Tooltip } from './tooltip.tsx';
import './tabs.css';

interface TabsProps<V extends string> {
  readonly label: string;
  readonly value: V;
  readonly tabs: readonly { readonly value: V; readonly label: string; readonly content: ReactNode }[];
  readonly onChange: (value: V) => void;
}

/** Several pages in one place. */
export function Tabs<V extends string>({ label, value, tabs, onChange }: TabsProps<V>) {
  return (
    // Only values of `tabs` can be chosen.
    <RadixTabs.Root className="ui-tabs" value={value} onValueChange={(next) => onChange(next as V)}>
      <RadixTabs.List className="ui-tabs-list" aria-label={label}>
        {tabs.map((tab) => (
          <RadixTabs.Trigger key={tab.value} className="ui-tab" value={tab.value}>
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content key={tab.value} className="ui-tabs-content" value={tab.value}>
          {tab.content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}

interface ToggleGroupProps<V extends string> {
  readonly label: string;
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly label: string; readonly icon?: LucideIcon }[];
  readonly onChange: (value: V) => void;
  /** Icons alone, each with its label as a tooltip. */
  readonly compact?: boolean;
  readonly disabled?: boolean;
}

/** One of a few, all in sight. */
export function ToggleGroup<V extends string>({
  label,
  value,
  options,
  onChange,
  compact = false,
  disabled = false,
}: ToggleGroupProps<V>) {
  return (
    <RadixToggle.Root
      type="single"
      className="ui-toggles"
      aria-label={label}
      value={value}
      disabled={disabled}
      // Pressing the chosen one again would leave none.
      onValueChange={(next) => (next === '' ? undefined : onChange(next as V))}
    >
      {options.map(({ value: own, label: name, icon: Icon }) => {
        const item = (
          <RadixToggle.Item key={own} className="ui-toggle" value={own} aria-label={name}>
            {Icon === undefined ? null : <Icon aria-hidden />}
            {compact && Icon !== undefined ? null : name}
          </RadixToggle.Item>
        );
        return compact && Icon !== undefined ? (
          <Tooltip key={own} text={name}>
            {item}
          </Tooltip>
        ) : (
          item
        );
      })}
    </RadixToggle.Root>
  );
}
