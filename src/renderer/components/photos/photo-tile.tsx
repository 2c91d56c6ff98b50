import { Check, EyeOff, ImageOff, Unplug } from 'lucide-react';
import { memo, useState, type ReactNode } from 'react';
import { classes, ClassSwatch } from '../ui/index.ts';

/** What a tile shows. */
export interface TileContent {
  /** Address of its picture; see `useMediaUrl`. */
  readonly picture: string;
  /** The file's name, without folders. */
  readonly name: string;
  /** Its labels, or what it is taken for. */
  readonly classes: readonly { readonly name: string; readonly color: number }[];
  readonly selected?: boolean;
  readonly excluded?: boolean;
  readonly missing?: boolean;
  /** A short text in the corner: "98%". */
  readonly note?: string;
  readonly noteTone?: 'neutral' | 'good' | 'problem';
  /** What a screen reader says beyond name and classes. */
  readonly spoken?: string;
  /** Over the picture, for example a heatmap. */
  readonly overlay?: ReactNode;
}

interface PhotoTileProps {
  /** The element's id, for the grid to point at. */
  readonly name: string;
  /** Position among all, from 0. */
  readonly at: number;
  readonly total: number;
  /** Pixels. */
  readonly side: number;
  readonly content: TileContent;
  /** The keyboard is on it. */
  readonly current: boolean;
}

/** More of them would cover the photo. */
const mostLabels = 3;

/** One photo in a grid. Drawn again only when what it shows is another object. */
export const PhotoTile = memo(function PhotoTile({
  name: id,
  at,
  total,
  side,
  content,
  current,
}: PhotoTileProps) {
  const {
    picture,
    name,
    selected = false,
    excluded = false,
    missing = false,
    note,
    spoken,
    overlay,
  } = content;
  const [broken, setBroken] = useState<string>();
  const more = content.classes.length - mostLabels;
  const isBroken = broken === picture;
  const said = [
    name,
    content.classes.length === 0 ? 'no label' : content.classes.map((one) => one.name).join(', '),
    note ?? '',
    spoken ?? '',
    excluded ? 'left out of training' : '',
    missing ? 'file is missing' : '',
    isBroken ? 'can’t be shown' : '',
  ];
  return (
    <div
      role="option"
      id={id}
      data-at={at}
      className={classes(
        'photo-tile',
        selected && 'photo-tile-selected',
        current && 'photo-tile-current',
        excluded && 'photo-tile-out',
      )}
      style={{ width: side, height: side }}
      aria-selected={selected}
      aria-setsize={total}
      aria-posinset={at + 1}
      aria-label={said.filter(Boolean).join(', ')}
      title={name}
    >
      {isBroken ? (
        <span className="photo-tile-broken" aria-hidden>
          <ImageOff />
          {name}
        </span>
      ) : (
        <img src={picture} alt="" decoding="async" draggable={false} onError={() => setBroken(picture)} />
      )}
      {overlay}
      {content.classes.length === 0 ? null : (
        <span className="photo-tile-label" aria-hidden>
          {content.classes.slice(0, mostLabels).map(({ name: label, color }) => (
            <span key={label} className="photo-tile-class">
              <ClassSwatch color={color} size={9} />
              <span className="truncate">{label}</span>
            </span>
          ))}
          {more > 0 ? <span className="photo-tile-class">+{more}</span> : null}
        </span>
      )}{' '}
      {note === undefined ? null : (
        <span className={`photo-tile-note photo-tile-note-${content.noteTone ?? 'neutral'}`} aria-hidden>
          {note}
        </span>
      )}
      {selected || excluded || missing ? (
        <span className="photo-tile-marks" aria-hidden>
          {selected ? (
            <span className="photo-tile-mark photo-tile-check">
              <Check />
            </span>
          ) : null}
          {excluded ? (
            <span className="photo-tile-mark">
              <EyeOff />
            </span>
          ) : null}
          {missing ? (
            <span className="photo-tile-mark">
              <Unplug />
            </span>
          ) : null}
        </span>
      ) : null}
    </div>
  );
});
