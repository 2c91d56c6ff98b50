/** How smoothly the grid was scrolled, measured in the page frame by frame. */
export interface Scrolled {
  readonly frames: number;
  readonly seconds: number;
  /** Milliseconds between frames. */
  readonly medianFrame: number;
  readonly p95Frame: number;
  readonly longestFrame: number;
  /** The longest time a row was in sight without its tiles, and without all of its pictures (ms). */
  readonly longestWithoutTiles: number;
  readonly longestWithoutPictures: number;
  /** Of the rows that came into sight, the 95th percentile of the time until all pictures were there (ms). */
  readonly p95WithoutPictures: number;
  readonly rows: number;
}

export type ScrollKind = 'steady' | 'fast' | 'jumps';

/**
 * Scrolls the grid and watches every frame. Runs in the page: it may use nothing from outside of itself.
 *
 * @param kind a screen and a half a second as with a wheel; six screens a second; or a jump to anywhere, as with the
 *   scroll bar, every 400 ms
 */
export function scrollAndWatch([kind, seconds]: readonly [ScrollKind, number]): Promise<Scrolled> {
  const found = document.querySelector<HTMLElement>('.photo-grid');
  if (found === null) throw new Error('There is no grid.');
  const grid = found;
  const first = grid.querySelector<HTMLElement>('.photo-grid-row');
  const rowHeight = (first?.offsetHeight ?? 0) + 6;
  const columns = first?.childElementCount ?? 1;
  const padding = Number.parseFloat(getComputedStyle(grid).paddingTop);
  const frames: number[] = [];
  /** Since when a row that is in sight has lacked something. */
  const lacking = { tiles: new Map<number, number>(), pictures: new Map<number, number>() };
  const waits = { tiles: [] as number[], pictures: [] as number[] };
  const seen = new Set<number>();
  const whole = new WeakSet<Element>();

  /** Whether all pictures of a row are there; asked again only until they are. */
  const isWhole = (row: Element): boolean => {
    if (whole.has(row)) return true;
    const all = [...row.querySelectorAll('img')].every((one) => one.complete && one.naturalWidth > 0);
    if (all) whole.add(row);
    return all;
  };
  /** Rows that are drawn, and whether all of their pictures are. */
  const drawn = (): Map<number, boolean> => {
    const rows = new Map<number, boolean>();
    for (const row of grid.firstElementChild?.children ?? []) {
      const { at } = (row.firstElementChild as HTMLElement | null)?.dataset ?? {};
      if (at !== undefined) rows.set(Number(at) / columns, isWhole(row));
    }
    return rows;
  };
  const look = (now: number): void => {
    const rows = drawn();
    const top = Math.max(0, Math.floor((grid.scrollTop - padding) / rowHeight));
    const last = Math.ceil(grid.scrollHeight / rowHeight) - 1;
    const bottom = Math.min(
      last - 1,
      Math.floor((grid.scrollTop + grid.clientHeight - padding - 1) / rowHeight),
    );
    const inSight = new Set<number>();
    for (let row = top; row <= bottom; row += 1) inSight.add(row);
    for (const part of ['tiles', 'pictures'] as const) {
      for (const row of inSight) {
        seen.add(row);
        const there = part === 'tiles' ? rows.has(row) : rows.get(row) === true;
        const since = lacking[part].get(row);
        if (!there && since === undefined) lacking[part].set(row, now);
        if (there && since !== undefined) {
          waits[part].push(now - since);
          lacking[part].delete(row);
        }
      }
      for (const [row, since] of lacking[part]) {
        if (inSight.has(row)) continue;
        waits[part].push(now - since);
        lacking[part].delete(row);
      }
    }
  };
  return new Promise((resolve) => {
    const begin = performance.now();
    let before = begin;
    let jumped = begin;
    const frame = (now: number): void => {
      const passed = Math.min(100, now - before);
      frames.push(now - before);
      before = now;
      look(now);
      if (now - begin > seconds * 1000) {
        const sorted = frames.slice(1).sort((a, b) => a - b);
        const at = (list: readonly number[], share: number): number =>
          list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;
        const pictures = [
          ...waits.pictures,
          ...Array(Math.max(0, seen.size - waits.pictures.length)).fill(0),
        ].sort((a, b) => a - b);
        resolve({
          frames: sorted.length,
          seconds: (now - begin) / 1000,
          medianFrame: at(sorted, 0.5),
          p95Frame: at(sorted, 0.95),
          longestFrame: sorted.at(-1) ?? 0,
          longestWithoutTiles: Math.max(0, ...waits.tiles),
          longestWithoutPictures: Math.max(0, ...waits.pictures),
          p95WithoutPictures: at(pictures, 0.95),
          rows: seen.size,
        });
        return;
      }
      if (kind === 'jumps') {
        if (now - jumped > 400) {
          jumped = now;
          grid.scrollTop = Math.random() * (grid.scrollHeight - grid.clientHeight);
        }
      } else grid.scrollTop += (grid.clientHeight * (kind === 'steady' ? 1.5 : 6) * passed) / 1000;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}
