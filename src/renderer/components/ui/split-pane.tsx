import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import './split-pane.css';

interface SplitPaneProps {
  /** What the pane beside the main one is, for screen readers: "Classes". */
  readonly label: string;
  /** Under which the width is remembered on this machine. */
  readonly name: string;
  readonly side: 'left' | 'right';
  readonly pane: ReactNode;
  readonly children: ReactNode;
  /** Pixels. */
  readonly initial?: number;
  readonly min?: number;
  readonly max?: number;
}

/** A pane beside the main content whose width a person sets, with the pointer or the arrow keys. */
export function SplitPane({
  label,
  name,
  side,
  pane,
  children,
  initial = 260,
  min = 200,
  max = 480,
}: SplitPaneProps) {
  const [width, setWidth] = useState(() => clamp(recall(name) ?? initial, min, max));
  const drag = useRef<{ readonly x: number; readonly width: number } | null>(null);
  useEffect(() => remember(name, width), [name, width]);
  const resize = useCallback((to: number) => setWidth(clamp(to, min, max)), [min, max]);
  const sign = side === 'left' ? 1 : -1;

  const handle = (
    // The ARIA pattern "window splitter" makes a separator with a value focusable and movable.
    <div
      role="separator"
      tabIndex={0}
      className="ui-split-handle"
      aria-label={`Width of ${label}`}
      aria-orientation="vertical"
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={width}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (drag.current !== null) resize(drag.current.width + sign * (event.clientX - drag.current.x));
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
      onDoubleClick={() => resize(initial)}
      onKeyDown={(event) => {
        const steps: Record<string, number> = {
          ArrowLeft: width - sign * 16,
          ArrowRight: width + sign * 16,
          Home: min,
          End: max,
        };
        const to = steps[event.key];
        if (to === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        resize(to);
      }}
    />
  );
  const aside = (
    <aside className="ui-split-pane" style={{ width }} aria-label={label}>
      {pane}
    </aside>
  );
  return (
    <div className="ui-split">
      {side === 'left' ? aside : null}
      {side === 'left' ? handle : null}
      <div className="ui-split-main">{children}</div>
      {side === 'right' ? handle : null}
      {side === 'right' ? aside : null}
    </div>
  );
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function recall(name: string): number | undefined {
  try {
    const width = Number(localStorage.getItem(`holotype-pane-${name}`));
    return width > 0 ? width : undefined;
  } catch {
    // Storage can be switched off.
    return undefined;
  }
}

function remember(name: string, width: number): void {
  try {
    localStorage.setItem(`holotype-pane-${name}`, String(width));
  } catch {
    // As above.
  }
}
