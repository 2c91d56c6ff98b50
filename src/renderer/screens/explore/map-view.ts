/** Where on the screen a map's places are, and which of them a line goes round. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What part of a map is seen. */
export interface MapView {
  /** 1: all of it. */
  readonly zoom: number;
  /** The place in the middle, 0..1 each way. */
  readonly x: number;
  readonly y: number;
}

export const wholeMap: MapView = { zoom: 1, x: 0.5, y: 0.5 };
const mostZoom = 60;
/** Room round the map (pixels), so that what is at its rim is seen whole. */
const rim = 16;

/** Pixels that the map's side of 1 takes. */
export function scaleOf({ zoom }: MapView, { width, height }: Size): number {
  return Math.max(1, Math.min(width, height) - 2 * rim) * zoom;
}

/** Where a place is on the screen (pixels). */
export function pixelOf(view: MapView, size: Size, x: number, y: number): { x: number; y: number } {
  const scale = scaleOf(view, size);
  return { x: size.width / 2 + (x - view.x) * scale, y: size.height / 2 + (y - view.y) * scale };
}

/** Zooms by a factor; what is under a point of the screen stays under it. */
export function zoomBy(view: MapView, by: number, at: { x: number; y: number }, size: Size): MapView {
  const zoom = Math.min(mostZoom, Math.max(1, view.zoom * by));
  const [before, after] = [scaleOf(view, size), scaleOf({ ...view, zoom }, size)];
  const move = 1 / before - 1 / after;
  return inside({
    zoom,
    x: view.x + (at.x - size.width / 2) * move,
    y: view.y + (at.y - size.height / 2) * move,
  });
}

/** Drags the map by so many pixels. */
export function dragBy(view: MapView, by: { x: number; y: number }, size: Size): MapView {
  const scale = scaleOf(view, size);
  return inside({ ...view, x: view.x - by.x / scale, y: view.y - by.y / scale });
}

/** The map stays in sight; all of it lies in the middle. */
function inside(view: MapView): MapView {
  if (view.zoom === 1) return wholeMap;
  const within = (value: number): number => Math.min(1, Math.max(0, value));
  return { ...view, x: within(view.x), y: within(view.y) };
}

/** Numbers of the photos that can be seen. */
export function seen(places: readonly number[], view: MapView, size: Size): number[] {
  const found: number[] = [];
  for (let photo = 0; photo * 2 < places.length; photo++) {
    const { x, y } = pixelOf(view, size, places[photo * 2] ?? 0, places[photo * 2 + 1] ?? 0);
    if (x >= 0 && y >= 0 && x <= size.width && y <= size.height) found.push(photo);
  }
  return found;
}

/** The photo nearest to a point of the screen, within so many pixels. */
export function photoAt(
  places: readonly number[],
  view: MapView,
  size: Size,
  at: { x: number; y: number },
  within = 12,
): number | undefined {
  let best: number | undefined;
  let least = within * within;
  for (let photo = 0; photo * 2 < places.length; photo++) {
    const { x, y } = pixelOf(view, size, places[photo * 2] ?? 0, places[photo * 2 + 1] ?? 0);
    const square = (x - at.x) ** 2 + (y - at.y) ** 2;
    if (square <= least) {
      least = square;
      best = photo;
    }
  }
  return best;
}

/** Numbers of the photos that a closed line goes round (by the even-odd rule). @param line points of the screen */
export function lassoed(
  places: readonly number[],
  view: MapView,
  size: Size,
  line: readonly { readonly x: number; readonly y: number }[],
): number[] {
  if (line.length < 3) return [];
  const found: number[] = [];
  for (let photo = 0; photo * 2 < places.length; photo++) {
    const { x, y } = pixelOf(view, size, places[photo * 2] ?? 0, places[photo * 2 + 1] ?? 0);
    let within = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
      const a = line[i];
      const b = line[j];
      if (a === undefined || b === undefined || a.y > y === b.y > y) continue;
      if (x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) within = !within;
    }
    if (within) found.push(photo);
  }
  return found;
}
