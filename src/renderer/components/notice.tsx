import type { ReactNode } from 'react';

interface NoticeProps {
  readonly tone: 'info' | 'problem';
  readonly title: string;
  readonly detail?: string | undefined;
  /** Buttons. */
  readonly children?: ReactNode;
}

/** A message across the page; screen readers read it out when it appears. */
export function Notice({ tone, title, detail, children }: NoticeProps) {
  return (
    <section className={`notice notice-${tone}`} role={tone === 'problem' ? 'alert' : 'status'}>
      <div className="notice-text">
        <p className="notice-title">{title}</p>
        {detail === undefined ? null : <p className="notice-detail">{detail}</p>}
      </div>
      {children === undefined ? null : <div className="notice-actions">{children}</div>}
    </section>
  );
}
