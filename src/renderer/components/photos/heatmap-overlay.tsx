import { useEffect, useRef } from 'react';
import type { Explanation } from '../../../contract/runs.ts';
import './heatmap-overlay.css';

interface HeatmapOverlayProps {
  readonly explanation: Explanation;
  /** 0..1. */
  readonly opacity: number;
}

/**
 * Where the model looked, over a photo that fills the parent (which must be positioned and have the photo's own
 * proportions). The map is drawn cell by cell into a small canvas that the browser stretches smoothly.
 */
export function HeatmapOverlay({ explanation, opacity }: HeatmapOverlayProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { rows, columns, values, window: seen } = explanation;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) return;
    const image = context.createImageData(columns, rows);
    values.forEach((value, at) => {
      const [red, green, blue] = heat(value);
      image.data.set([red, green, blue, Math.round(255 * Math.min(1, value * 1.4))], at * 4);
    });
    context.putImageData(image, 0, 0);
  }, [rows, columns, values]);
  const percent = (share: number): string => `${share * 100}%`;
  return (
    <canvas
      ref={canvas}
      className="heatmap"
      width={columns}
      height={rows}
      role="img"
      aria-label={`Where the model looked for ${explanation.class}: ${whereIs(explanation)}`}
      style={{
        left: percent(seen.x),
        top: percent(seen.y),
        width: percent(seen.width),
        height: percent(seen.height),
        opacity,
      }}
    />
  );
}

/**
 * A colour for an importance of 0..1, from dark violet over red to yellow: brightness rises all the way, so that it
 * reads the same without colour. Anchors of matplotlib's "inferno" (CC0), linearly in between.
 */
export function heat(value: number): readonly [number, number, number] {
  const place = Math.min(1, Math.max(0, value)) * (anchors.length - 1);
  const low = anchors[Math.floor(place)] ?? [0, 0, 0];
  const high = anchors[Math.ceil(place)] ?? low;
  const share = place - Math.floor(place);
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(low[channel] + (high[channel] - low[channel]) * share);
  return [mix(0), mix(1), mix(2)];
}

const anchors: readonly (readonly [number, number, number])[] = [
  [0, 0, 4],
  [66, 10, 104],
  [147, 38, 103],
  [221, 81, 58],
  [252, 165, 10],
  [252, 255, 164],
];

/** The strongest place in words, for those who can't see it. */
export function whereIs({ rows, columns, values }: Explanation): string {
  let best = 0;
  values.forEach((value, at) => {
    if (value > (values[best] ?? 0)) best = at;
  });
  if ((values[best] ?? 0) === 0) return 'nowhere in particular';
  const third = (at: number, of: number): number => Math.min(2, Math.floor((3 * (at + 0.5)) / of));
  const down = ['top', 'middle', 'bottom'][third(Math.floor(best / columns), rows)] ?? '';
  const across = ['left', 'centre', 'right'][third(best % columns, columns)] ?? '';
  return down === 'middle' && across === 'centre' ? 'most at the centre' : `most at the ${down} ${across}`;
}
