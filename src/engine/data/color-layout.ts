/** Which colours a photo has where: a coarse likeness that needs no network. */

/** Cells along a side. */
const cells = 4;

/** What {@link colorLayout} gives, as text. */
const digits = cells * cells * 3 * 2;

/**
 * The mean colours of a photo in 4 x 4 cells.
 *
 * @param rgb a small copy, uint8 [side, side, 3] in sRGB
 * @param side a multiple of 4
 * @returns 96 hex digits: red, green, blue of each cell, row by row
 */
export function colorLayout(rgb: Uint8Array, side: number): string {
  const width = side / cells;
  const sums = new Float64Array(cells * cells * 3);
  for (const [at, value] of rgb.entries()) {
    const place = Math.floor(at / 3);
    const row = Math.floor(Math.floor(place / side) / width);
    const cell = row * cells + Math.floor((place % side) / width);
    const channel = cell * 3 + (at % 3);
    sums[channel] = (sums[channel] as number) + value;
  }
  return Buffer.from(sums.map((sum) => Math.round(sum / (width * width)))).toString('hex');
}

/**
 * The layout's colours in CIE L*a*b* (D65), in which distances are about as people see them.
 *
 * @returns [16, 3]; undefined for a text that is no layout
 */
export function layoutInLab(layout: string): Float32Array | undefined {
  if (layout.length !== digits) return undefined;
  const rgb = Buffer.from(layout, 'hex');
  const lab = new Float32Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3)
    lab.set(labOf(rgb[at] as number, rgb[at + 1] as number, rgb[at + 2] as number), at);
  return lab;
}

/** From sRGB (IEC 61966-2-1) by way of XYZ; see http://www.brucelindbloom.com. */
function labOf(...rgb: readonly [red: number, green: number, blue: number]): [number, number, number] {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const x = bent((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = bent(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = bent((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function bent(value: number): number {
  return value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116;
}
