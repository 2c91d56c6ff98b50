import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ComponentPropsWithRef, ReactNode } from 'react';
import { classes } from './classes.ts';
import { Tooltip } from './tooltip.tsx';
import './button.css';

interface ButtonProps extends ComponentPropsWithRef<'button'> {
  /** primary: the one thing to do here; danger: can't be taken back; quiet: no frame. */
  readonly variant?: 'primary' | 'secondary' | 'quiet' | 'danger';
  readonly size?: 'm' | 's';
  readonly icon?: LucideIcon;
  /** Work has begun: shows so, and can't be pressed again. */
  readonly busy?: boolean;
  readonly children: ReactNode;
}

export function Button({
  variant = 'secondary',
  size = 'm',
  icon: Icon,
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={classes('ui-button', `ui-button-${variant}`, size === 's' && 'ui-button-s', className)}
    >
      {busy ? (
        <LoaderCircle className="ui-spin" aria-hidden />
      ) : Icon === undefined ? null : (
        <Icon aria-hidden />
      )}
      <span className="ui-button-text">{children}</span>
    </button>
  );
}

interface IconButtonProps extends ComponentPropsWithRef<'button'> {
  readonly icon: LucideIcon;
  /** What it does: read out, and shown when the pointer rests on it. */
  readonly label: string;
  /** As in a shortcut table: `mod+z`. */
  readonly keys?: string;
  readonly size?: 'm' | 's';
  /** For a button that is either on or off. */
  readonly pressed?: boolean;
}

export function IconButton({
  icon: Icon,
  label,
  keys,
  size = 'm',
  pressed,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} {...(keys === undefined ? {} : { keys })}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        {...rest}
        className={classes('ui-icon-button', size === 's' && 'ui-icon-button-s', className)}
      >
        <Icon aria-hidden />
      </button>
    </Tooltip>
  );
}
