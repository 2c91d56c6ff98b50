import { Popover as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useOverlays } from './overlays.tsx';
import './popover.css';

interface PopoverProps {
  /** What it is, for screen readers. */
  readonly label: string;
  /** The button that opens it. */
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly align?: 'start' | 'center' | 'end';
  readonly side?: 'top' | 'right' | 'bottom' | 'left';
  readonly open?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
}

/** The first button would show its tooltip over what a person came to read. */
function focusItself(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
}

/** More of a thing, beside what opened it. */
export function Popover({
  label,
  trigger,
  children,
  align = 'end',
  side = 'bottom',
  open,
  onOpenChange,
}: PopoverProps) {
  return (
    <Radix.Root
      {...(open === undefined ? {} : { open })}
      {...(onOpenChange === undefined ? {} : { onOpenChange })}
    >
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal {...useOverlays()}>
        <Radix.Content
          className="ui-popover"
          aria-label={label}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          onOpenAutoFocus={focusItself}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
