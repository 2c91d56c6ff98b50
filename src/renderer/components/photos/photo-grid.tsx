import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useEffect,
  useEffectEvent,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
} from 'react';
import { PhotoTile, type TileContent } from './photo-tile.tsx';
import { columnsFor, moveFocus, type GridMove } from './grid-moves.ts';
import { useSize } from './use-size.ts';
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
  /** The context menu of a tile was asked for; whatever opens it is around the grid (`ContextMenu`). */
  readonly onMenu?: (id: string, at: { readonly x: number; readonly y: number }) => void;
  /** Tiles can be selected: says so to screen readers. */
  readonly selectable?: boolean;
  /** Keeps how far it is scrolled, for the next time it is shown. */
  readonly place?: { current: number };
  /** Takes the keyboard when it comes to the screen, unless something else has it. */
  readonly autoFocus?: boolean;
  /** The element that takes the keyboard. */
  readonly ref?: Ref<HTMLDivElement>;
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
 * End and Page keys move; what else a key does is for the screen around it. The grid itself has the keyboard and
 * names the tile it is on (`aria-activedescendant`): a tile that is scrolled away takes nothing with it.
 */
export function PhotoGrid(props: PhotoGridProps) {
  const {
    ids,
    contentOf,
    tileSize,
    focused,
    onFocus,
    onPress,
    onOpen,
    onMenu,
    place,
    autoFocus = false,
  } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const name = useId();
  useImperativeHandle<HTMLDivElement | null, HTMLDivElement | null>(props.ref, () => scroller.current);
  const { width, height } = useSize(scroller);
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
    scrollPaddingStart: gap,
    scrollPaddingEnd: gap,
    initialOffset: () => place?.current ?? 0,
  });
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);

  const at = useMemo(() => (focused === undefined ? -1 : ids.indexOf(focused)), [ids, focused]);
  const current = Math.max(0, at);
  const row = Math.floor(at / columns);
  const measured = width > 0 && height > 0;
  const reveal = useEffectEvent(() => {
    if (row >= 0) rows.scrollToIndex(row);
  });
  // Wherever the keyboard has gone, it is seen there; but photos that come while others are looked at move nothing.
  useEffect(() => {
    if (measured) reveal();
  }, [measured, focused, columns]);
  useEffect(() => {
    const idle = document.activeElement === null || document.activeElement === document.body;
    if (autoFocus && idle) scroller.current?.focus({ preventScroll: true });
  }, [autoFocus]);

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
    const page = Math.max(1, Math.floor(height / rowHeight));
    const next = ids[moveFocus(current, move, { columns, count: ids.length, page })];
    if (next !== undefined) onFocus(next, pressKeys(event));
  };
  const idAt = (event: MouseEvent): string | undefined => {
    const tile = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-at]') : null;
    return tile === null ? undefined : ids[Number(tile.dataset['at'])];
  };
  const shown = rows.getVirtualItems();
  const isShown = shown.some(({ index }) => index === Math.floor(current / columns));

  return (
    <div
      ref={scroller}
      className="photo-grid"
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-multiselectable={props.selectable === true ? true : undefined}
      aria-activedescendant={isShown ? `${name}-${ids[current]}` : undefined}
      onKeyDown={press}
      onClick={(event) => {
        const id = idAt(event);
        if (id !== undefined) onPress?.(id, pressKeys(event));
      }}
      onDoubleClick={(event) => {
        const id = idAt(event);
        if (id !== undefined) onOpen?.(id);
      }}
      onContextMenu={(event) => {
        const id = idAt(event) ?? ids[current];
        if (id !== undefined) onMenu?.(id, { x: event.clientX, y: event.clientY });
      }}
      onFocus={(event) => {
        // By the keyboard: the first tile is the one it is on, until an arrow is pressed.
        const [first] = ids;
        if (at < 0 && first !== undefined && event.currentTarget.matches(':focus-visible'))
          onFocus(first, { range: false, toggle: false });
      }}
      onScroll={(event) => {
        if (place !== undefined) place.current = event.currentTarget.scrollTop;
      }}
    >
      <div className="photo-grid-all" role="presentation" style={{ height: rows.getTotalSize() }}>
        {shown.map((virtual) => (
          <div
            key={virtual.key}
            className="photo-grid-row"
            role="presentation"
            style={{ transform: `translateY(${virtual.start}px)`, height: side }}
          >
            {ids.slice(virtual.index * columns, (virtual.index + 1) * columns).map((id, column) => {
              const position = virtual.index * columns + column;
              return (
                <PhotoTile
                  key={id}
                  name={`${name}-${id}`}
                  at={position}
                  total={ids.length}
                  side={side}
                  content={contentOf(id)}
                  current={position === current && at >= 0}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

function pressKeys(event: KeyboardEvent | MouseEvent): PressKeys {
  return { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey };
}
