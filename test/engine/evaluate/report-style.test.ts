import { describe, expect, it } from 'vitest';
import { palette, strongestHeat } from '../../../src/engine/evaluate/report-style.ts';

/** Red, green and blue, 0..255. */
type Colour = readonly number[];

function channels(hex: string): Colour {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: Colour): number {
  const [r = 0, g = 0, b = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Colour, b: Colour): number {
  const lights = [luminance(a), luminance(b)];
  return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
}

function blend(over: Colour, under: Colour, opacity: number): Colour {
  return over.map((value, i) => value * opacity + (under[i] ?? 0) * (1 - opacity));
}

describe.each(Object.entries(palette))('the %s theme', (_, theme) => {
  const page = channels(theme.page);

  it('measures contrast as WCAG does', () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
    expect(contrast(channels('#777777'), [255, 255, 255])).toBeCloseTo(4.48, 2);
  });

  it.each(['ink', 'soft', 'right', 'wrong'] as const)('keeps %s readable on page and panel', (name) => {
    expect(contrast(channels(theme[name]), page)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(channels(theme[name]), channels(theme.panel))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['heatRight', 'heatWrong'] as const)('keeps ink readable on the strongest %s', (name) => {
    const cell = blend(channels(theme[name]), page, strongestHeat);
    expect(contrast(channels(theme.ink), cell)).toBeGreaterThanOrEqual(4.5);
  });
});
