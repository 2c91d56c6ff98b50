import { X } from 'lucide-react';
import { AlertDialog as RadixAlert, Dialog as Radix } from 'radix-ui';
import { useRef, type ReactNode } from 'react';
import { Button, IconButton } from './button.tsx';
import { classes } from './classes.ts';
import { useOverlays } from './overlays.tsx';
import './dialog.css';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** One sentence below the title; read out with it. */
  readonly description?: ReactNode;
  /** s: a question; m: a form; l: a list or a picture. */
  readonly size?: 's' | 'm' | 'l';
  /** Buttons, the one that does it last. */
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}

/** What is to be filled in, or the dialog itself: never its close button, which comes first in it. */
function focusFirstField(event: Event): void {
  event.preventDefault();
  const dialog = event.currentTarget;
  if (!(dialog instanceof HTMLElement)) return;
  const field = dialog.querySelector<HTMLElement>('.ui-dialog-body :is(input, textarea)');
  (field ?? dialog).focus();
}

/** What had the keyboard gets it back: Radix looks only for a trigger, and our dialogs are opened by state. */
function useFocusBack(): {
  readonly remember: () => void;
  readonly giveBack: (event: Event) => void;
} {
  const before = useRef<Element | null>(null);
  return {
    remember: () => {
      before.current = document.activeElement;
    },
    giveBack: (event) => {
      const { current } = before;
      if (!(current instanceof HTMLElement) || !current.isConnected) return;
      event.preventDefault();
      current.focus({ preventScroll: true });
    },
  };
}

/** A window in the window. Its content scrolls; title and buttons stay. */
export function Dialog({ open, onClose, title, description, size = 'm', actions, children }: DialogProps) {
  const { remember, giveBack } = useFocusBack();
  return (
    <Radix.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Radix.Portal {...useOverlays()}>
        <Radix.Overlay className="ui-veil" />
        <Radix.Content
          className={classes('ui-dialog', `ui-dialog-${size}`)}
          onOpenAutoFocus={(event) => {
            remember();
            focusFirstField(event);
          }}
          onCloseAutoFocus={giveBack}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <header className="ui-dialog-head">
            <Radix.Title className="ui-dialog-title">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton icon={X} label="Close" size="s" />
            </Radix.Close>
            {description === undefined ? null : (
              <Radix.Description className="ui-dialog-description">{description}</Radix.Description>
            )}
          </header>
          {children === undefined ? null : <div className="ui-dialog-body">{children}</div>}
          {actions === undefined ? null : <footer className="ui-dialog-actions">{actions}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface AlertDialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly text: ReactNode;
  /** What the button does, as a verb. */
  readonly confirm: string;
  readonly danger?: boolean;
  readonly onAnswer: (yes: boolean) => void;
}

/** A question that has to be answered. */
export function AlertDialog({ open, title, text, confirm, danger = false, onAnswer }: AlertDialogProps) {
  const { remember, giveBack } = useFocusBack();
  return (
    <RadixAlert.Root open={open} onOpenChange={(next) => (next ? undefined : onAnswer(false))}>
      <RadixAlert.Portal {...useOverlays()}>
        <RadixAlert.Overlay className="ui-veil" />
        <RadixAlert.Content
          className="ui-dialog ui-dialog-s"
          onOpenAutoFocus={remember}
          onCloseAutoFocus={giveBack}
        >
          <header className="ui-dialog-head">
            <RadixAlert.Title className="ui-dialog-title">{title}</RadixAlert.Title>
            <RadixAlert.Description className="ui-dialog-description">{text}</RadixAlert.Description>
          </header>
          <footer className="ui-dialog-actions">
            <RadixAlert.Cancel asChild>
              <Button>Cancel</Button>
            </RadixAlert.Cancel>
            <Button variant={danger ? 'danger' : 'primary'} onClick={() => onAnswer(true)}>
              {confirm}
            </Button>
          </footer>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}
