import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import { PhotoTile, type TileContent } from './photo-tile.tsx';
import { columnsFor, moveFocus, type GridMove } from './grid-moves.ts';
import './photo-grid.css';

/** How a tile was pressed, as far as a selection cares. */
export interface PressKeys {
  /** Extend from the last one. */
  readonly range: boolean;
  /** Add or take away just this one. */
  readonly toggle: boolean;
}

export interface PhotoGridProps {
  /** For screen readers: "Photos, 1,234". */
  readonly label: string;
  /** In the order to be shown. */
  readonly ids: readonly string[];
  /** What a tile shows. Must give the same object as long as the tile looks the same. */
  readonly contentOf: (id: string) => TileContent;
  /** Wanted width of a tile (pixels); columns fill the width. */
  readonly tileSize: number;
  /** The tile that has the keyboard; the first, while it is not in `ids`. */
  readonly focused: string | undefined;
  readonly onFocus: (id: string, keys: PressKeys) => void;
  /** A tile was clicked. */
  readonly onPress?: (id: string, keys: PressKeys) => void;
  /** Enter or double click. */
  readonly onOpen?: (id: string) => void;
  /** The context menu of a tile was asked for: where, in the window. */
  readonly onMenu?: (id: string, at: { readonly x: number; readonly y: number }) => void;
  /** Tiles can be selected: says so to screen readers. */
  readonly selectable?: boolean;
}

const gap = 6;
/** Rows kept on either side of what can be seen, so that scrolling finds them drawn. */
const overscan = 4;

const moves: Readonly<Record<string, GridMove>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'first',
  End: 'last',
  PageUp: 'page-up',
  PageDown: 'page-down',
};

/**
 * Photos in rows of equal tiles, as many as there may be: only those that can be seen are in the page. Arrows, Home,
 * End and Page keys move; what else a key does is for the screen around it.
 */
export function PhotoGrid(props: PhotoGridProps) {
  const { ids, contentOf, tileSize, focused, onFocus, onPress, onOpen, onMenu } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const columns = columnsFor(width, tileSize, gap);
  const side = Math.max(40, Math.floor((width - gap * (columns - 1)) / columns));
  const rowHeight = side + gap;
  // Nothing here is memoized by a compiler; the list tells React by itself when it has moved.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: width === 0 ? 0 : Math.ceil(ids.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
  });
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);

  const at = focused === undefined ? -1 : ids.indexOf(focused);
  const current = Math.max(0, at);
  const hadKeyboard = useRef(false);
  // The tile with the keyboard may have been scrolled away, and with it the keyboard: it follows when it comes back.
  useEffect(() => {
    if (at < 0 || !hadKeyboard.current) return undefined;
    rows.scrollToIndex(Math.floor(at / columns));
    const frame = requestAnimationFrame(() => {
      const tile = scroller.current?.querySelector<HTMLElement>(`[data-at="${at}"]`);
      tile?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [at, columns, rows]);

  const press = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.altKey || event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') {
      const id = ids[current];
      if (id === undefined || onOpen === undefined) return;
      event.preventDefault();
      onOpen(id);
      return;
    }
    const move = moves[event.key];
    if (move === undefined || ids.length === 0) return;
    event.preventDefault();
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight));
    const next = ids[moveFocus(current, move, { columns, count: ids.length, page })];
    hadKeyboard.current = true;
    if (next !== undefined) onFocus(next, { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
  };
  const idAt = useCallback(
    (event: MouseEvent): string | undefined => {
      const tile = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-at]') : null;
      return tile === null ? undefined : ids[Number(tile.dataset['at'])];
    },
    [ids],
  );
  const click = (event: MouseEvent): void => {
    const id = idAt(event);
    hadKeyboard.current = true;
    if (id !== undefined) onPress?.(id, { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
  };

  return (
    <div
      ref={scroller}
      className="photo-grid"
      role="listbox"
      aria-label={props.label}
      aria-multiselectable={props.selectable === true ? true : undefined}
      onKeyDown={press}
      onClick={click}
      onDoubleClick={(event) => {
        const id = idAt(event);
        if (id !== undefined) onOpen?.(id);
      }}
      onContextMenu={(event) => {
        const id = idAt(event);
        if (id === undefined || onMenu === undefined) return;
        event.preventDefault();
        onMenu(id, { x: event.clientX, y: event.clientY });
      }}
      onFocus={() => (hadKeyboard.current = true)}
      onBlur={(event) => {
        if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget))
          hadKeyboard.current = false;
      }}
    >
      <div className="photo-grid-all" role="presentation" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => (
          <div
            key={row.key}
            className="photo-grid-row"
            role="presentation"
            style={{ transform: `translateY(${row.start}px)`, height: side }}
          >
            {ids.slice(row.index * columns, (row.index + 1) * columns).map((id, column) => {
              const position = row.index * columns + column;
              return (
                <PhotoTile
                  key={id}
                  id={id}
                  at={position}
                  total={ids.length}
                  side={side}
                  content={contentOf(id)}
                  focusable={position === current}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The width of an element's content; 0 before it is measured. */
function useWidth(of: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = of.current;
    if (element === null) return undefined;
    const style = getComputedStyle(element);
    const measure = (): void =>
      setWidth(
        Math.floor(
          element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight),
        ),
      );
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return width;
}
