import { ImageOff, Maximize, ZoomIn, ZoomOut } from 'lucide-react';
import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { useShortcuts } from '../shortcuts.tsx';
import { classes, IconButton } from '../ui/index.ts';
import { useSize } from './use-size.ts';
import { pan, scaleOf, wholePhoto, zoomTo, type Size, type Zoom } from './zoom.ts';
import './photo-view.css';

interface PhotoViewProps {
  /** Address of the whole photo. */
  readonly src: string;
  /** Address of a small picture of it, shown until the whole one has come. */
  readonly preview: string;
  /** What it is, for screen readers. */
  readonly alt: string;
  /** Pixels, where they are known before the photo has come. */
  readonly size?: Size | undefined;
  /** Over the photo and moving with it: a heatmap. */
  readonly overlay?: ReactNode;
}

const middle = { x: 0, y: 0 };
const step = 1.4;

/**
 * One photo, whole or zoomed: by the wheel, plus and minus, a double click (100% and back), moved by dragging. Needs
 * to be given another `key` for another photo.
 */
export function PhotoView({ src, preview, alt, size, overlay }: PhotoViewProps) {
  const stage = useRef<HTMLDivElement>(null);
  const room = useSize(stage);
  const [zoom, setZoom] = useState<Zoom>(wholePhoto);
  const [loaded, setLoaded] = useState<Size>();
  const [failed, setFailed] = useState({ preview: false, whole: false });
  const drag = useRef<{ readonly x: number; readonly y: number } | null>(null);
  const photo = size ?? loaded;
  const scale = photo === undefined ? 1 : scaleOf(zoom, room, photo);

  const zoomBy = (factor: number, at = middle): void => {
    if (photo !== undefined)
      setZoom((now) => zoomTo(now, scaleOf(now, room, photo) * factor, at, room, photo));
  };
  /** One pixel of the photo on one of the screen. */
  const real = 1 / window.devicePixelRatio;
  const toggleReal = (at = middle): void => {
    if (photo === undefined) return;
    setZoom((now) => (now.scale === 'fit' ? zoomTo(now, real, at, room, photo) : wholePhoto));
  };
  const wheel = useRef(zoomBy);
  useEffect(() => {
    wheel.current = zoomBy;
  });
  useEffect(() => {
    const element = stage.current;
    if (element === null) return undefined;
    const turn = (event: WheelEvent): void => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      wheel.current(Math.exp(-event.deltaY * lines * 0.002), fromMiddle(element, event));
    };
    // React listens to the wheel passively: the page would scroll, too.
    element.addEventListener('wheel', turn, { passive: false });
    return () => element.removeEventListener('wheel', turn);
  }, []);
  useShortcuts('Photo', [
    { keys: ['plus', '='], label: 'Zoom in', run: () => zoomBy(step) },
    { keys: '-', label: 'Zoom out', run: () => zoomBy(1 / step) },
    { keys: 'mod+0', label: 'Whole photo', run: () => setZoom(wholePhoto) },
  ]);

  const move = (event: PointerEvent): void => {
    const { current } = drag;
    if (current === null || photo === undefined) return;
    drag.current = { x: event.clientX, y: event.clientY };
    setZoom((now) => pan(now, { x: event.clientX - current.x, y: event.clientY - current.y }, room, photo));
  };
  const zoomed = zoom.scale !== 'fit';
  const shown =
    photo === undefined ? undefined : { width: photo.width * scale, height: photo.height * scale };
  return (
    <div className="photo-view">
      <div
        ref={stage}
        className={classes('photo-view-stage', zoomed && 'photo-view-zoomed')}
        onPointerDown={(event) => {
          if (event.button !== 0 || !zoomed) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={move}
        onPointerUp={() => (drag.current = null)}
        onPointerCancel={() => (drag.current = null)}
        onDoubleClick={(event) => toggleReal(fromMiddle(event.currentTarget, event))}
      >
        {failed.preview && failed.whole ? (
          <p className="photo-view-broken">
            <ImageOff aria-hidden />
            This photo can’t be shown. Its file may be damaged or gone.
          </p>
        ) : (
          <div
            className="photo-view-photo"
            style={
              shown === undefined
                ? { visibility: 'hidden' }
                : {
                    ...shown,
                    transform: `translate(${(0.5 - zoom.x) * shown.width}px, ${(0.5 - zoom.y) * shown.height}px)`,
                  }
            }
          >
            <img
              src={preview}
              alt=""
              draggable={false}
              onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
                setLoaded((now) => now ?? { width, height })
              }
              onError={() => setFailed((now) => ({ ...now, preview: true }))}
            />
            {failed.whole ? null : (
              <img
                className={scale > 2 ? 'photo-view-pixels' : undefined}
                src={src}
                alt={alt}
                decoding="async"
                draggable={false}
                onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
                  setLoaded({ width, height })
                }
                onError={() => setFailed((now) => ({ ...now, whole: true }))}
              />
            )}
            {overlay}
          </div>
        )}
      </div>
      {failed.whole && !failed.preview ? (
        <p className="photo-view-note" role="status">
          The whole photo can’t be shown: this is the small picture of it.
        </p>
      ) : null}
      <div className="photo-view-zoom" role="group" aria-label="Zoom">
        <IconButton icon={ZoomOut} label="Zoom out" keys="-" size="s" onClick={() => zoomBy(1 / step)} />
        <button
          type="button"
          className="photo-view-scale numeric"
          aria-label={`Zoom: ${percentOf(scale / real)}. Switch between the whole photo and 100%`}
          onClick={() => toggleReal()}
        >
          {percentOf(scale / real)}
        </button>
        <IconButton icon={ZoomIn} label="Zoom in" keys="plus" size="s" onClick={() => zoomBy(step)} />
        <IconButton
          icon={Maximize}
          label="Whole photo"
          keys="mod+0"
          size="s"
          disabled={!zoomed}
          onClick={() => setZoom(wholePhoto)}
        />
      </div>
    </div>
  );
}

function percentOf(scale: number): string {
  return `${Math.round(scale * 100)}%`;
}

function fromMiddle(
  element: Element,
  at: { readonly clientX: number; readonly clientY: number },
): { readonly x: number; readonly y: number } {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: at.clientX - left - width / 2, y: at.clientY - top - height / 2 };
}
