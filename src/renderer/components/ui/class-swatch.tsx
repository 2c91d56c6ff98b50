import type { ReactNode } from 'react';
import './class-swatch.css';

/** Colours in the palette, and shapes: tokens `--class-0` to `--class-11`. */
export const paletteSize = 12;
/** In the place of a colour: an answer too unsure to be of any class. */
export const unknownColor = -1;

/** In a square of 16 by 16; as different from each other at 12 pixels as shapes can be. */
const shapes: readonly { readonly name: string; readonly drawing: ReactNode }[] = [
  { name: 'circle', drawing: <circle cx="8" cy="8" r="6.5" /> },
  { name: 'square', drawing: <path d="M2 2h12v12H2z" /> },
  { name: 'triangle', drawing: <path d="M8 1.2 15.2 14H.8z" /> },
  { name: 'diamond', drawing: <path d="M8 .6 15.4 8 8 15.4.6 8z" /> },
  { name: 'plus', drawing: <path d="M5.6 1h4.8v4.6H15v4.8h-4.6V15H5.6v-4.6H1V5.6h4.6z" /> },
  {
    name: 'star',
    drawing: <path d="m8 .6 2.2 5 5.3.5-4 3.6 1.2 5.3L8 12.2 3.3 15l1.2-5.3-4-3.6 5.3-.5z" />,
  },
  {
    name: 'ring',
    drawing: (
      <path fillRule="evenodd" d="M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1m0 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6" />
    ),
  },
  { name: 'hexagon', drawing: <path d="M4.2 1.4h7.6L15.6 8l-3.8 6.6H4.2L.4 8z" /> },
  { name: 'triangle down', drawing: <path d="M.8 2h14.4L8 14.8z" /> },
  {
    name: 'cross',
    drawing: <path d="m4 .9 4 4 4-4L15.1 4l-4 4 4 4-3.1 3.1-4-4-4 4L.9 12l4-4-4-4z" />,
  },
  { name: 'half circle', drawing: <path d="M.8 11.5a7.2 7.2 0 0 1 14.4 0z" /> },
  { name: 'bars', drawing: <path d="M1.5 2h4.6v12H1.5zM9.9 2h4.6v12H9.9z" /> },
];

const questionMark = (
  <path
    fillRule="evenodd"
    d="M8 .6a7.4 7.4 0 1 1 0 14.8A7.4 7.4 0 0 1 8 .6M4.9 6h1.9c.1-.8.5-1.2 1.2-1.2s1.1.4 1.1 1c0 .5-.2.8-.9 1.3-.9.6-1.3 1.2-1.2 2.3h1.9c0-.7.2-1 .9-1.5.9-.6 1.3-1.3 1.3-2.2C11.1 4.1 9.9 3.1 8 3.1S4.9 4.2 4.9 6M8 10.4a1.2 1.2 0 1 0 0 2.4 1.2 1.2 0 0 0 0-2.4"
  />
);

interface ClassSwatchProps {
  /** Index into the palette, as classStateSchema has it, or {@link unknownColor}. */
  readonly color: number;
  readonly size?: number;
}

/** The colour and shape of a class. Stands beside its name: it is not read out. */
export function ClassSwatch({ color, size = 12 }: ClassSwatchProps) {
  return (
    <svg
      className={`ui-swatch ui-swatch-${color === unknownColor ? 'unknown' : color}`}
      viewBox="0 0 16 16"
      width={size}
      height={size}
      aria-hidden
      focusable="false"
    >
      {color === unknownColor ? questionMark : shapes[color % paletteSize]?.drawing}
    </svg>
  );
}

/** For where a colour has to be chosen by name. */
export function shapeName(color: number): string {
  return shapes[color % paletteSize]?.name ?? '';
}

interface ClassChipProps extends ClassSwatchProps {
  readonly name: string;
  /** Over a photo. */
  readonly onPhoto?: boolean;
}

/** A class with its name, which is cut where there is no room. */
export function ClassChip({ color, name, size = 10, onPhoto = false }: ClassChipProps) {
  return (
    <span className={onPhoto ? 'ui-chip ui-chip-on-photo' : 'ui-chip'} title={name}>
      <ClassSwatch color={color} size={size} />
      <span className="truncate">{name}</span>
    </span>
  );
}
