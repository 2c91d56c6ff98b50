import type { LucideIcon } from 'lucide-react';
import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ErrorShape } from '../../../contract/errors.ts';
import { Button } from './button.tsx';
import { classes } from './classes.ts';
import './states.css';

interface EmptyStateProps {
  readonly icon?: LucideIcon;
  readonly title: string;
  /** What it is for, or why there is nothing. */
  readonly children?: ReactNode;
  /** What to do about it. */
  readonly actions?: ReactNode;
  /** In the middle of a panel rather than a screen. */
  readonly small?: boolean;
}

/** There is nothing here, and that's all right. */
export function EmptyState({ icon: Icon, title, children, actions, small = false }: EmptyStateProps) {
  return (
    <div className={classes('ui-state', small && 'ui-state-small')}>
      {Icon === undefined ? null : <Icon className="ui-state-icon" aria-hidden />}
      <h2>{title}</h2>
      {children === undefined ? null : <div className="ui-state-text">{children}</div>}
      {actions === undefined ? null : <div className="ui-state-actions">{actions}</div>}
    </div>
  );
}

interface ErrorStateProps {
  readonly error: ErrorShape;
  readonly onRetry?: () => void;
  readonly retry?: string;
  readonly actions?: ReactNode;
  readonly small?: boolean;
}

/** It could not be had: why, and what to do. */
export function ErrorState({ error, onRetry, retry = 'Try again', actions, small = false }: ErrorStateProps) {
  return (
    <div className={classes('ui-state', small && 'ui-state-small')} role="alert">
      <TriangleAlert className="ui-state-icon ui-state-problem" aria-hidden />
      <h2>{error.message}</h2>
      {error.remedy === undefined ? null : <p className="ui-state-text">{error.remedy}</p>}
      {onRetry === undefined && actions === undefined ? null : (
        <div className="ui-state-actions">
          {actions}
          {onRetry === undefined ? null : <Button onClick={onRetry}>{retry}</Button>}
        </div>
      )}
    </div>
  );
}

interface SkeletonProps {
  readonly width?: string;
  readonly height?: string;
}

/** The place of something that is on its way, in its size. */
export function Skeleton({ width = '100%', height = '1em' }: SkeletonProps) {
  return <span className="ui-skeleton" style={{ width, height }} aria-hidden />;
}

interface NoticeProps {
  readonly tone: 'info' | 'warning' | 'problem';
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  /** Buttons. */
  readonly children?: ReactNode;
}

/** A message across the page; screen readers read it out when it appears. */
export function Notice({ tone, title, detail, children }: NoticeProps) {
  return (
    <section className={`ui-notice ui-notice-${tone}`} role={tone === 'problem' ? 'alert' : 'status'}>
      <div className="ui-notice-text">
        <p className="ui-notice-title">{title}</p>
        {detail === undefined ? null : <p>{detail}</p>}
      </div>
      {children === undefined ? null : <div className="ui-notice-actions">{children}</div>}
    </section>
  );
}

/** A word on the state of something. */
export function Badge({
  tone = 'neutral',
  children,
}: {
  readonly tone?: 'neutral' | 'good' | 'warning' | 'problem';
  readonly children: ReactNode;
}) {
  return <span className={`ui-badge ui-badge-${tone}`}>{children}</span>;
}
