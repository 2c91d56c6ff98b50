import type { ReactNode } from 'react';
import './table.css';

interface TableProps {
  /** What the table shows, for screen readers. */
  readonly caption: string;
  /** `<thead>` and `<tbody>`; figures have the class "numeric". */
  readonly children: ReactNode;
}

/** Rows of figures, in a frame that scrolls by itself when there is no room. */
export function Table({ caption, children }: TableProps) {
  return (
    // A region that scrolls has to be reachable by keyboard.
    <div className="ui-table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="ui-table">
        <caption className="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  );
}

/** The name of a table's column. */
export function ColumnHead({
  numeric = false,
  children,
}: {
  /** Of figures: set on the right, as they are. */
  readonly numeric?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <th scope="col" className={numeric ? 'numeric' : undefined}>
      {children}
    </th>
  );
}
