import { ArrowLeft, ChevronLeft, ChevronRight, Flame, Info, ScanEye } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { photoPath, thumbPath, viewPath } from '../../../contract/media.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { count } from '../../components/format.ts';
import { HeatmapOverlay, PhotoView } from '../../components/photos/index.ts';
import { useShortcuts } from '../../components/shortcuts.tsx';
import { IconButton, SplitPane } from '../../components/ui/index.ts';
import { photoById } from '../../state/photo-table.ts';
import { HeatmapControls } from './heatmap-controls.tsx';
import { windowInView } from './model-view.ts';
import { PhotoInfo } from './photo-info.tsx';
import { useExplanation, useModelInput } from './use-explanation.ts';
import type { ShownPhotos } from './use-photos.ts';
import './photo-page.css';

interface PhotoPageProps {
  readonly project: ProjectState;
  readonly shown: ShownPhotos;
  readonly photo: string;
  readonly colors: ReadonlyMap<string, number>;
  readonly onGo: (photo: string) => void;
  readonly onClose: () => void;
  readonly onSimilar: (photo: string) => void;
}

/** One photo alone: zoomed, as the model sees it, with what the model looked at, and with all that is known of it. */
export function PhotoPage({ project, shown, photo, colors, onGo, onClose, onSimilar }: PhotoPageProps) {
  const { label } = useActions();
  const mediaUrl = useMediaUrl();
  const { details } = useAppState((state) => state.label.view);
  const [asModel, setAsModel] = useState(false);
  const [heat, setHeat] = useState(false);
  const [opacity, setOpacity] = useState(0.65);
  const { ids, table, answers } = shown;
  const row = photoById(table, photo);
  const modelInput = useModelInput(project, asModel);
  const input = asModel ? modelInput : undefined;
  const explanation = useExplanation(project, photo, heat);
  const at = ids.indexOf(photo);
  const [before, after] = [at > 0 ? ids[at - 1] : undefined, at < 0 ? undefined : ids[at + 1]];
  useAhead(after === undefined ? undefined : mediaUrl(photoPath(project.id, after)));
  const learned = project.lastRun !== null;
  const toggleDetails = (): void => label.view({ details: !details });
  useShortcuts('Photo alone', [
    { keys: 'i', label: 'Details', run: toggleDetails },
    { keys: 'm', label: 'What the model sees', run: () => setAsModel((now) => learned && !now) },
    { keys: 'h', label: 'Where the model looked', run: () => setHeat((now) => learned && !now) },
  ]);

  // What had the keyboard is gone with the grid.
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const name = row?.path ?? '';
  const position = at < 0 ? '' : `${count(at + 1)} of ${count(ids.length)}`;
  const size =
    row?.width === undefined || row.height === undefined
      ? undefined
      : { width: row.width, height: row.height };
  const map = explanation.answer?.status === 'ready' ? explanation.answer.value : undefined;
  const shownMap =
    map === undefined || input === undefined || size === undefined
      ? map
      : { ...map, window: windowInView(map.window, size, input.resize) };
  const seen = input === undefined ? undefined : viewPath(project.id, photo, input.resize, input.size);
  const stage = (
    <PhotoView
      key={`${photo} ${seen ?? ''}`}
      src={mediaUrl(seen ?? photoPath(project.id, photo))}
      preview={mediaUrl(seen ?? thumbPath(project.id, photo, 512))}
      alt={name}
      size={input === undefined ? size : undefined}
      overlay={
        shownMap === undefined ? undefined : <HeatmapOverlay explanation={shownMap} opacity={opacity} />
      }
    />
  );
  return (
    <div className="photo-page">
      <div className="label-bar" role="group" aria-label="Photo">
        <IconButton icon={ArrowLeft} label="Back to the grid" keys="escape" onClick={onClose} />
        <h2 ref={heading} tabIndex={-1} className="photo-page-name truncate-start" title={name}>
          <bdi>{name}</bdi>
        </h2>
        <p className="muted small numeric photo-page-at">{position}</p>
        <p className="visually-hidden" aria-live="polite">
          {[name, row?.labels.join(', ') || 'no label', position].join(', ')}
        </p>
        <IconButton
          icon={ChevronLeft}
          label="Previous photo"
          keys="arrowleft"
          disabled={before === undefined}
          onClick={() => (before === undefined ? undefined : onGo(before))}
        />
        <IconButton
          icon={ChevronRight}
          label="Next photo"
          keys="arrowright"
          disabled={after === undefined}
          onClick={() => (after === undefined ? undefined : onGo(after))}
        />
        <span className="label-bar-line" />
        <IconButton
          icon={ScanEye}
          label={learned ? 'What the model sees' : 'What the model sees: after the first training'}
          keys="m"
          pressed={asModel}
          disabled={!learned}
          onClick={() => setAsModel(!asModel)}
        />
        <IconButton
          icon={Flame}
          label={learned ? 'Where the model looked' : 'Where the model looked: after the first training'}
          keys="h"
          pressed={heat}
          disabled={!learned}
          onClick={() => setHeat(!heat)}
        />
        <IconButton icon={Info} label="Details" keys="i" pressed={details} onClick={toggleDetails} />
      </div>
      {heat ? <HeatmapControls explanation={explanation} opacity={opacity} onOpacity={setOpacity} /> : null}
      {details ? (
        <SplitPane
          name="label-details"
          label="Details"
          side="right"
          initial={272}
          min={200}
          pane={
            <PhotoInfo
              key={photo}
              project={project}
              photo={photo}
              row={row}
              answer={answers.get(photo)}
              colors={colors}
              onSimilar={onSimilar}
            />
          }
        >
          {stage}
        </SplitPane>
      ) : (
        stage
      )}
    </div>
  );
}

/** Fetches the photo that comes next, so that it is there when it is asked for. */
function useAhead(src: string | undefined): void {
  useEffect(() => {
    if (src === undefined) return undefined;
    const timer = setTimeout(() => {
      new Image().src = src;
    }, 150);
    return () => clearTimeout(timer);
  }, [src]);
}
