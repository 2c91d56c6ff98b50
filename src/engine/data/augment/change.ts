/** What happens to a picture after it was fitted to a model's input, in this order. */
export interface PixelChange {
  /** Clockwise, in degrees. */
  readonly rotate?: number;
  readonly colour?: ColourChange;
  /** Standard deviation of a Gaussian blur, in pixels. */
  readonly blur?: number;
  /** Standard deviation of normal noise, of 0..255, and the seed it is drawn from. */
  readonly noise?: { readonly deviation: number; readonly seed: number };
  /** A rectangle in fractions 0..1 of the picture that takes the picture's mean colour. */
  readonly erase?: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

/** All 0: as it was. */
export interface ColourChange {
  /** Brighter by this share; below 0: darker. */
  readonly brightness: number;
  /** Further from the picture's mean grey by this share. */
  readonly contrast: number;
  /** Further from a pixel's own grey by this share; -1: grey. */
  readonly saturation: number;
  /** Hues turned by so many degrees. */
  readonly hue: number;
}
