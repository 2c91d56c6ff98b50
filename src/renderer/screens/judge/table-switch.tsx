interface TableSwitchProps {
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  /** Which drawing, for screen readers. */
  readonly what: string;
}

/** Shows the figures of a drawing instead of it. */
export function TableSwitch({ on, onChange, what }: TableSwitchProps) {
  return (
    <button type="button" className="line-chart-switch small" onClick={() => onChange(!on)}>
      {on ? 'As a chart' : 'As a table'}
      <span className="visually-hidden">: {what}</span>
    </button>
  );
}
