/** Linear light, 0 = black, 1 = white paper in the sun; RGB interleaved, `width * height * 3` numbers. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly rgb: Float32Array;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** An empty (black) canvas. */
export function createCanvas(width: number, height: number): Canvas {
  return { width, height, rgb: new Float32Array(width * height * 3) };
}

/** Linear light of an sRGB colour written the usual way, such as `#3c7a2e`. */
export function colour(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  const linear = (byte: number): number => ((byte & 255) / 255) ** 2.2;
  return [linear(value >> 16), linear(value >> 8), linear(value)];
}

/** The colour a part `t` (0..1) of the way from `a` to `b`. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/**
 * Blurs a plane of `channels` interleaved numbers in place, as a lens out of focus would: two box
 * blurs each way, with the edge repeated.
 * @param radius half width of the box in pixels; below 0.5 nothing happens
 */
export function blur(
  data: Float32Array,
  width: number,
  height: number,
  channels: number,
  radius: number,
): void {
  const r = Math.round(radius);
  if (r < 1) return;
  const line = new Float32Array(Math.max(width, height));
  for (let pass = 0; pass < 2; pass++) {
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) boxLine(data, y * width * channels + c, channels, width, r, line);
      for (let x = 0; x < width; x++) boxLine(data, x * channels + c, width * channels, height, r, line);
    }
  }
}

/** One running mean along a row or a column. */
function boxLine(
  data: Float32Array,
  start: number,
  step: number,
  count: number,
  r: number,
  line: Float32Array,
): void {
  for (let i = 0; i < count; i++) line[i] = data[start + i * step] as number;
  const last = count - 1;
  let sum = 0;
  for (let i = -r; i <= r; i++) sum += line[i < 0 ? 0 : i > last ? last : i] as number;
  const scale = 1 / (2 * r + 1);
  for (let i = 0; i < count; i++) {
    data[start + i * step] = sum * scale;
    const enter = i + r + 1;
    const leave = i - r;
    sum += (line[enter > last ? last : enter] as number) - (line[leave < 0 ? 0 : leave] as number);
  }
}

/** The canvas at another size, bilinear: used to draw what will be out of focus at a lower cost. */
export function resizeCanvas(from: Canvas, width: number, height: number): Canvas {
  const to = createCanvas(width, height);
  const sx = from.width / width;
  const sy = from.height / height;
  for (let y = 0; y < height; y++) {
    const fy = Math.min(Math.max((y + 0.5) * sy - 0.5, 0), from.height - 1);
    const y0 = Math.floor(fy);
    const y1 = Math.min(y0 + 1, from.height - 1);
    const ty = fy - y0;
    for (let x = 0; x < width; x++) {
      const fx = Math.min(Math.max((x + 0.5) * sx - 0.5, 0), from.width - 1);
      const x0 = Math.floor(fx);
      const x1 = Math.min(x0 + 1, from.width - 1);
      const tx = fx - x0;
      for (let c = 0; c < 3; c++) {
        const a = from.rgb[(y0 * from.width + x0) * 3 + c] as number;
        const b = from.rgb[(y0 * from.width + x1) * 3 + c] as number;
        const d = from.rgb[(y1 * from.width + x0) * 3 + c] as number;
        const e = from.rgb[(y1 * from.width + x1) * 3 + c] as number;
        const top = a + (b - a) * tx;
        to.rgb[(y * width + x) * 3 + c] = top + (d + (e - d) * tx - top) * ty;
      }
    }
  }
  return to;
}
