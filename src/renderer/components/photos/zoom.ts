/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a photo lies on its stage. */
export interface Zoom {
  /** Pixels of the page per pixel of the photo; `fit`: the whole photo, however large the stage is. */
  readonly scale: number | 'fit';
  /** The photo's point at the middle of the stage, as shares of its width and height (0..1). */
  readonly x: number;
  readonly y: number;
}

export const wholePhoto: Zoom = { scale: 'fit', x: 0.5, y: 0.5 };

/** A small photo fills the stage no further than this: beyond it there are only squares to see. */
const largestFit = 4;
/** Pixels of the page per pixel of the photo at most. */
const largest = 16;

/** The scale at which the whole photo fits on the stage. */
export function fitScale(stage: Size, photo: Size): number {
  return Math.min(stage.width / photo.width, stage.height / photo.height, largestFit);
}

/** The scale a zoom stands for now. */
export function scaleOf(zoom: Zoom, stage: Size, photo: Size): number {
  return zoom.scale === 'fit' ? fitScale(stage, photo) : zoom.scale;
}

/**
 * Zooms to a scale; what is under a point of the stage stays under it. At the whole photo's scale and below it
 * becomes `fit`.
 *
 * @param at relative to the stage's middle (pixels of the page)
 */
export function zoomTo(
  zoom: Zoom,
  to: number,
  at: { readonly x: number; readonly y: number },
  stage: Size,
  photo: Size,
): Zoom {
  const from = scaleOf(zoom, stage, photo);
  const scale = Math.min(to, Math.max(largest, fitScale(stage, photo)));
  if (scale <= fitScale(stage, photo) * 1.001) return wholePhoto;
  const move = 1 / from - 1 / scale;
  return within(
    { scale, x: zoom.x + (at.x * move) / photo.width, y: zoom.y + (at.y * move) / photo.height },
    stage,
    photo,
  );
}

/** Drags the photo by so many pixels of the page. */
export function pan(
  zoom: Zoom,
  by: { readonly x: number; readonly y: number },
  stage: Size,
  photo: Size,
): Zoom {
  const scale = scaleOf(zoom, stage, photo);
  const { x, y } = zoom;
  return within(
    { ...zoom, x: x - by.x / (scale * photo.width), y: y - by.y / (scale * photo.height) },
    stage,
    photo,
  );
}

/** Leaves no empty margin on a side on which the photo is larger than the stage, and centres it where it isn't. */
function within(zoom: Zoom, stage: Size, photo: Size): Zoom {
  const scale = scaleOf(zoom, stage, photo);
  const keep = (share: number, shown: number, whole: number): number => {
    const half = shown / (2 * scale * whole);
    return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, share));
  };
  return {
    ...zoom,
    x: keep(zoom.x, stage.width, photo.width),
    y: keep(zoom.y, stage.height, photo.height),
  };
}
