import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../src/renderer/styles/tokens.css', import.meta.url), 'utf8');
/** The plain tokens, before those for more contrast. */
const plain = css.slice(0, css.indexOf('@media'));
const themes = ['light', 'dark'] as const;

/** A colour token's value in a theme, as #rrggbb. */
function color(name: string, theme: (typeof themes)[number]): string {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(plain);
  const value = found?.[theme === 'light' ? 1 : 2];
  if (value === undefined) throw new Error(`There is no colour --${name}.`);
  return value;
}

const channel = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const rgb = (hex: string): [number, number, number] => {
  const part = (at: number): number => channel(Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return [part(1), part(3), part(5)];
};
/** Relative luminance, WCAG 2.2. */
const luminance = ([r, g, b]: [number, number, number]): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(rgb(a)), luminance(rgb(b))].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** OKLab (Ottosson 2020) of linear sRGB: distances in it are about what an eye sees. */
function oklab([r, g, b]: [number, number, number]): [number, number, number] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
type Matrix = readonly (readonly [number, number, number])[];
/** How people without one kind of cones see linear sRGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const eyes: Readonly<Record<string, Matrix>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
function seen(hex: string, matrix: Matrix): [number, number, number] {
  const [r, g, b] = rgb(hex);
  const row = (n: number): number => {
    const [x = 0, y = 0, z = 0] = matrix[n] ?? [];
    return Math.min(1, Math.max(0, x * r + y * g + z * b));
  };
  return oklab([row(0), row(1), row(2)]);
}

describe.each(themes)('colours, %s', (theme) => {
  const grounds = ['page', 'surface', 'raised', 'sunken'];
  it.each(['ink', 'ink-2', 'accent', 'problem', 'warn'])('--%s can be read on every ground', (name) => {
    for (const ground of grounds)
      expect(contrast(color(name, theme), color(ground, theme)), ground).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ['accent-text', 'accent'],
    ['accent-text', 'accent-strong'],
    ['problem-text', 'problem'],
    ['problem-text', 'problem-strong'],
    ['accent', 'accent-soft'],
    ['ink', 'accent-soft'],
    ['problem', 'problem-soft'],
    ['warn', 'warn-soft'],
    ['ink', 'warn-soft'],
    ['ink', 'problem-soft'],
  ])('--%s can be read on --%s', (text, ground) => {
    expect(contrast(color(text, theme), color(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['line-strong', 'focus'])('--%s is seen on every ground', (name) => {
    for (const ground of grounds)
      expect(contrast(color(name, theme), color(ground, theme)), ground).toBeGreaterThanOrEqual(3);
  });

  const palette = Array.from({ length: 12 }, (_, n) => `class-${n}`);
  it.each(palette)('--%s is seen on every ground, and its text on it', (name) => {
    for (const ground of ['page', 'surface', 'raised'])
      expect(contrast(color(name, theme), color(ground, theme)), ground).toBeGreaterThanOrEqual(3);
    expect(contrast(color(`${name}-text`, theme), color(name, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(Object.keys(eyes))('of classes are told apart by eyes: %s', (kind) => {
    const matrix = eyes[kind] ?? [];
    const points = palette.map((name) => seen(color(name, theme), matrix));
    const distances = points.flatMap((a, n) =>
      points.slice(n + 1).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])),
    );
    expect(Math.min(...distances)).toBeGreaterThan(0.07);
  });
});
