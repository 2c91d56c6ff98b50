import { Lasso, Maximize, Move, ZoomIn, ZoomOut } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import { thumbPath } from '../../../contract/media.ts';
import { useMediaUrl } from '../../api/context.tsx';
import { plural } from '../../components/format.ts';
import { useSize } from '../../components/photos/use-size.ts';
import { IconButton, ToggleGroup } from '../../components/ui/index.ts';
import { glyphSize, glyphsOf, GlyphSource } from './glyphs.tsx';
import { dragBy, lassoed, photoAt, pixelOf, seen, wholeMap, zoomBy } from './map-view.ts';

interface PhotoMapProps {
  readonly project: string;
  readonly photos: readonly string[];
  /** x and y of each photo, 0..1. */
  readonly places: readonly number[];
  /** Palette index of each photo; its length: no class. */
  readonly glyphs: readonly number[];
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (photos: readonly string[], add: boolean) => void;
  readonly onOpen: (photo: string) => void;
  /** What the marks say: "groups". */
  readonly of: string;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** With no more photos than this in sight they are shown themselves. */
const fewPhotos = 40;
const thumb = 56;
const wheelStep = 1.0016;

/**
 * All photos as marks, like ones together. A line drawn round some selects them (Shift adds), a click opens one, the
 * wheel zooms. The lists beside it do the same for people who use no pointer.
 */
export function PhotoMap({ project, photos, places, glyphs, selected, onSelect, onOpen, of }: PhotoMapProps) {
  const mediaUrl = useMediaUrl();
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const source = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const [view, setView] = useState(wholeMap);
  const [tool, setTool] = useState<'lasso' | 'move'>('lasso');
  const [line, setLine] = useState<readonly Point[]>([]);
  const [hovered, setHovered] = useState<number>();
  const drag = useRef<Point>(undefined);

  const visible = useMemo(() => seen(places, view, size), [places, view, size]);
  const close = visible.length <= fewPhotos;

  useEffect(() => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (target === null || context === undefined || context === null || source.current === null) return;
    const ratio = window.devicePixelRatio;
    target.width = Math.round(size.width * ratio);
    target.height = Math.round(size.height * ratio);
    const marks = glyphsOf(source.current, ratio);
    const half = (glyphSize * ratio) / 2;
    const draw = (photo: number): void => {
      const mark = marks[glyphs[photo] ?? marks.length - 1];
      if (mark === undefined) return;
      const at = pixelOf(view, size, places[photo * 2] ?? 0, places[photo * 2 + 1] ?? 0);
      context.drawImage(mark, at.x * ratio - half, at.y * ratio - half);
    };
    const chosen = visible.filter((photo) => selected.has(photos[photo] ?? ''));
    context.globalAlpha = chosen.length > 0 ? 0.25 : 0.85;
    for (const photo of visible) draw(photo);
    context.globalAlpha = 1;
    for (const photo of chosen) draw(photo);
  }, [photos, places, glyphs, selected, view, visible, size]);

  // React listens to the wheel passively: the page would scroll along.
  useEffect(() => {
    const element = stage.current;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = element?.getBoundingClientRect();
      const at = { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
      setView((before) => zoomBy(before, wheelStep ** -event.deltaY, at, size));
    };
    element?.addEventListener('wheel', wheel, { passive: false });
    return () => element?.removeEventListener('wheel', wheel);
  }, [size]);

  const pointOf = (event: PointerEvent): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = pointOf(event);
    if (tool === 'lasso') setLine([pointOf(event)]);
  };
  const go = (event: PointerEvent): void => {
    const at = pointOf(event);
    if (drag.current === undefined) setHovered(photoAt(places, view, size, at));
    else if (tool === 'lasso') setLine((before) => [...before, at]);
    else {
      const from = drag.current;
      drag.current = at;
      setView((before) => dragBy(before, { x: at.x - from.x, y: at.y - from.y }, size));
    }
  };
  const end = (event: PointerEvent): void => {
    const from = drag.current;
    drag.current = undefined;
    setLine([]);
    if (from === undefined) return;
    const at = pointOf(event);
    const far = line.some((point) => Math.hypot(point.x - from.x, point.y - from.y) > 6);
    if (tool === 'lasso' && far) {
      const found = lassoed(places, view, size, line);
      onSelect(
        found.map((photo) => photos[photo] ?? ''),
        event.shiftKey,
      );
      return;
    }
    const photo = photoAt(places, view, size, at);
    if (tool === 'lasso' && photo !== undefined) onOpen(photos[photo] ?? '');
  };
  const zoom = (by: number): void =>
    setView((before) => zoomBy(before, by, { x: size.width / 2, y: size.height / 2 }, size));
  const shown = close ? visible : hovered === undefined ? [] : [hovered];

  return (
    <div className="explore-map">
      <div
        ref={stage}
        className={`explore-stage explore-stage-${tool}`}
        onPointerDown={begin}
        onPointerMove={go}
        onPointerUp={end}
        onPointerCancel={() => {
          drag.current = undefined;
          setLine([]);
        }}
        onPointerLeave={() => setHovered(undefined)}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Map of ${plural(photos.length, 'photo')}, marked by their ${of}. The lists beside it hold the same photos.`}
        />
        {shown.map((photo) => {
          const at = pixelOf(view, size, places[photo * 2] ?? 0, places[photo * 2 + 1] ?? 0);
          const id = photos[photo] ?? '';
          return (
            <img
              key={id}
              className={selected.has(id) ? 'explore-thumb explore-thumb-selected' : 'explore-thumb'}
              src={mediaUrl(thumbPath(project, id, 128))}
              alt=""
              draggable={false}
              width={thumb}
              height={thumb}
              style={{ left: at.x + (close ? -thumb / 2 : 10), top: at.y + (close ? -thumb / 2 : 10) }}
            />
          );
        })}
        {line.length > 1 ? (
          <svg className="explore-lasso" aria-hidden>
            <polygon points={line.map(({ x, y }) => `${x},${y}`).join(' ')} />
          </svg>
        ) : null}
      </div>
      <GlyphSource ref={source} />
      <div className="explore-tools" role="group" aria-label="Map">
        <ToggleGroup
          label="What dragging does"
          compact
          value={tool}
          options={[
            { value: 'lasso', label: 'Draw round photos to select them', icon: Lasso },
            { value: 'move', label: 'Move the map', icon: Move },
          ]}
          onChange={setTool}
        />
        <IconButton icon={ZoomIn} label="Zoom in" onClick={() => zoom(1.6)} />
        <IconButton icon={ZoomOut} label="Zoom out" onClick={() => zoom(1 / 1.6)} />
        <IconButton icon={Maximize} label="See the whole map" onClick={() => setView(wholeMap)} />
      </div>
    </div>
  );
}
