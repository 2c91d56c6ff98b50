import { ClassSwatch, paletteSize, unknownColor } from '../../components/ui/index.ts';

/** Size of a photo's mark on the map (pixels). */
export const glyphSize = 9;

/**
 * The marks of all classes, out of sight: the map's canvas takes their shapes and colours from here, for a canvas knows
 * neither tokens nor themes.
 */
export function GlyphSource({ ref }: { readonly ref: React.Ref<HTMLDivElement> }) {
  return (
    <div ref={ref} className="explore-glyphs" aria-hidden>
      {Array.from({ length: paletteSize }, (_, color) => (
        <ClassSwatch key={color} color={color} />
      ))}
      <ClassSwatch color={unknownColor} />
    </div>
  );
}

/** A mark, drawn once and then copied. */
export type Glyph = HTMLCanvasElement;

/**
 * Draws every mark once.
 *
 * @param source what {@link GlyphSource} has rendered
 * @returns by colour; the last one is of photos without a class
 */
export function glyphsOf(source: HTMLElement, ratio: number): Glyph[] {
  return [...source.querySelectorAll('svg')].map((svg, at) => {
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(glyphSize * ratio);
    canvas.height = canvas.width;
    const context = canvas.getContext('2d');
    if (context === null) return canvas;
    context.scale(canvas.width / 16, canvas.width / 16);
    context.fillStyle = getComputedStyle(svg).fill;
    // Without a class: a small ring, quieter than the question mark of answers.
    if (at === paletteSize) {
      context.lineWidth = 2.5;
      context.strokeStyle = context.fillStyle;
      context.beginPath();
      context.arc(8, 8, 5, 0, 2 * Math.PI);
      context.stroke();
      return canvas;
    }
    for (const shape of svg.children) {
      const d = shape.getAttribute('d');
      if (d === null) {
        context.beginPath();
        context.arc(8, 8, Number(shape.getAttribute('r') ?? 6.5), 0, 2 * Math.PI);
        context.fill();
        continue;
      }
      const path = new Path2D(d);
      // It fills a shape on a canvas, not a list.
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type
      context.fill(path, shape.getAttribute('fill-rule') === 'evenodd' ? 'evenodd' : 'nonzero');
    }
    return canvas;
  });
}
