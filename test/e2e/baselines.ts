import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import sharp from 'sharp';

const kept = fileURLToPath(new URL('baselines', import.meta.url));
const results = fileURLToPath(new URL('../../test-results/visual', import.meta.url));

/** With UPDATE_BASELINES=1 the pictures that differ are written anew. */
export const updating = process.env['UPDATE_BASELINES'] === '1';

/** Pictures are kept at half their size: enough to look at, and a quarter of the bytes. */
const keptScale = 0.5;
/** They are compared at a quarter of their size, where it does not matter how letters' edges are smoothed. */
const comparedScale = 0.25;
/** A pixel differs when one of its channels (0..255) does by more than this. */
const tolerance = 24;
/** So large a share of the pixels may differ: less than a word does. */
const allowedShare = 0.0004;

/** How pictures at the scale of the comparison differ. */
export interface Difference {
  /** Of the pixels, 0..1. */
  readonly share: number;
  /** PNG: where they differ, in red on the paled actual picture. */
  readonly picture: Buffer;
}

/**
 * Compares two pictures of the same screen.
 * @param actual PNG as it was taken
 * @param baseline PNG of it at any scale
 * @returns null when they are the same but for smoothed edges
 */
export async function differenceOf(actual: Buffer, baseline: Buffer): Promise<Difference | null> {
  const { width, height } = await sharp(actual).metadata();
  const size = { width: Math.round(width * comparedScale), height: Math.round(height * comparedScale) };
  const pixels = (picture: Buffer): Promise<Buffer> =>
    sharp(picture)
      .removeAlpha()
      .toColourspace('srgb')
      .resize({ ...size, fit: 'fill' })
      .raw()
      .toBuffer();
  const [one, other] = await Promise.all([pixels(actual), pixels(baseline)]);
  const shown = Buffer.alloc(one.length);
  let differing = 0;
  for (let at = 0; at < one.length; at += 3) {
    const far = Math.max(
      ...[0, 1, 2].map((channel) => Math.abs((one[at + channel] ?? 0) - (other[at + channel] ?? 0))),
    );
    const differs = far > tolerance;
    if (differs) differing += 1;
    for (const channel of [0, 1, 2])
      shown[at + channel] = differs ? (channel === 0 ? 255 : 0) : 160 + (one[at + channel] ?? 0) * 0.37;
  }
  const share = differing / (size.width * size.height);
  if (share <= allowedShare) return null;
  const picture = await sharp(shown, { raw: { ...size, channels: 3 } })
    .resize({ width, kernel: 'nearest' })
    .png()
    .toBuffer();
  return { share, picture };
}

/** Widths in CSS pixels of sample texts in the window's fonts: where they differ, so does every picture. */
export type FontProbe = Readonly<Record<string, number>>;

export async function probeFonts(page: Page): Promise<FontProbe> {
  return page.evaluate(() => {
    const measure = (font: string, weight: number): number => {
      const span = document.createElement('span');
      span.textContent = 'Holotype 0123456789, the quick brown fox';
      // Set by script: the page's policy allows no style attribute.
      span.style.position = 'absolute';
      span.style.fontFamily = `var(${font})`;
      span.style.fontSize = '40px';
      span.style.fontWeight = String(weight);
      document.body.append(span);
      const { width } = span.getBoundingClientRect();
      span.remove();
      return Math.round(width * 10) / 10;
    };
    return { text: measure('--font', 400), bold: measure('--font', 600), code: measure('--font-code', 400) };
  });
}

const fontsFile = join(kept, 'fonts.json');

/**
 * Why pictures of this machine can't be compared with the kept ones; empty when they can.
 * When updating, the probe is kept with them.
 */
export async function whyNotComparable(here: FontProbe): Promise<string> {
  if (updating) {
    await mkdir(kept, { recursive: true });
    await writeFile(fontsFile, `${JSON.stringify(here, undefined, 2)}\n`);
    return '';
  }
  const there = JSON.parse(await readFile(fontsFile, 'utf8')) as FontProbe;
  const other = Object.keys(there).filter((name) => Math.abs((there[name] ?? 0) - (here[name] ?? 0)) > 0.5);
  if (other.length === 0) return '';
  const widths = other.map((name) => `${name} is ${here[name]} px wide instead of ${there[name]}`).join(', ');
  return `the fonts of this machine are not those of the baselines: ${widths}`;
}

/** Why a picture of the screen is not as it was; empty when it is, or was just made the baseline. */
export async function compareWithBaseline(name: string, take: () => Promise<Buffer>): Promise<string> {
  const file = join(kept, `${name}.png`);
  if (updating) {
    const now = await settled(take);
    // What looks the same stays the same file: the repository remembers every one.
    const same = existsSync(file) && (await differenceOf(now, await readFile(file))) === null;
    if (!same) await writeFile(file, await small(now));
    return '';
  }
  if (!existsSync(file)) return `${name}: there is no baseline; make it with UPDATE_BASELINES=1`;
  const baseline = await readFile(file);
  let actual = await take();
  let found = await differenceOf(actual, baseline);
  // What is not yet drawn gets its time; a picture that is right at once costs none.
  for (let tries = 0; found !== null && tries < 8; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    actual = await take();
    found = await differenceOf(actual, baseline);
  }
  if (found === null) return '';
  await mkdir(results, { recursive: true });
  await writeFile(join(results, `${name}-actual.png`), actual);
  await writeFile(join(results, `${name}-difference.png`), found.picture);
  const share = (found.share * 100).toFixed(2);
  return `${name}: ${share}% differs; see ${name}-actual.png and ${name}-difference.png in test-results/visual`;
}

/** The picture when it no longer changes. */
async function settled(take: () => Promise<Buffer>): Promise<Buffer> {
  let last = await take();
  for (let tries = 0; tries < 20; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const next = await take();
    if (next.equals(last)) return next;
    last = next;
  }
  throw new Error('The picture keeps changing: something on the screen moves.');
}

async function small(picture: Buffer): Promise<Buffer> {
  const { width } = await sharp(picture).metadata();
  return sharp(picture)
    .removeAlpha()
    .resize({ width: Math.round(width * keptScale) })
    .png({ palette: true, colours: 128, dither: 0, compressionLevel: 9, effort: 10 })
    .toBuffer();
}
