/** A copy of RGB pixels [height, width, 3], left and right exchanged. */
export function mirrored(pixels: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  const row = width * 3;
  for (let start = 0; start < pixels.length; start += row) {
    for (let from = start, to = start + row - 3; from < start + row; from += 3, to -= 3) {
      result[to] = pixels[from] ?? 0;
      result[to + 1] = pixels[from + 1] ?? 0;
      result[to + 2] = pixels[from + 2] ?? 0;
    }
  }
  return result;
}

/**
 * Turns a picture clockwise by quarters of a circle.
 *
 * @param pixels RGB, [height, width, 3]
 * @param turns how many quarters; any whole number
 * @returns [width, height, 3] for an odd number of them, else [height, width, 3]; the same array for none
 */
export function turned(pixels: Uint8Array, width: number, height: number, turns: number): Uint8Array {
  const quarters = ((turns % 4) + 4) % 4;
  if (quarters === 0) return pixels;
  const result = new Uint8Array(pixels.length);
  // Where the pixel that becomes the first one lies, and how far it is from there to the next one right and below.
  const start = quarters === 1 ? (height - 1) * width : quarters === 2 ? height * width - 1 : width - 1;
  const [right, down] = quarters === 1 ? [-width, 1] : quarters === 2 ? [-1, -width] : [width, -1];
  const columns = quarters === 2 ? width : height;
  let to = 0;
  for (let row = 0; row * columns * 3 < pixels.length; row++) {
    for (let column = 0; column < columns; column++) {
      const from = 3 * (start + row * down + column * right);
      result[to] = pixels[from] ?? 0;
      result[to + 1] = pixels[from + 1] ?? 0;
      result[to + 2] = pixels[from + 2] ?? 0;
      to += 3;
    }
  }
  return result;
}
