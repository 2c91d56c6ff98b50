import { Camera, Pause, Play, Square } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { doubtOf, isSaidInDoubt } from '../../../contract/doubt.ts';
import type { CameraAnswer } from '../../../contract/use.ts';
import { useActions } from '../../api/context.tsx';
import { percent } from '../../components/format.ts';
import { ProbabilityBars } from '../../components/probability-bars.tsx';
import {
  Button,
  ClassSwatch,
  EmptyState,
  ErrorState,
  Notice,
  Select,
  unknownColor,
} from '../../components/ui/index.ts';
import { useClassColors } from '../judge/use-class-colors.ts';
import { likeliest, wordsOf } from './answer-list.ts';
import { useCamera } from './use-camera.ts';
import { useLiveAnswer } from './use-live-answer.ts';

/** More would not be read while they change. */
const mostBars = 8;

interface CameraPageProps {
  readonly project: string;
  readonly run: string;
}

/** What the model takes the camera's picture for, live. The camera is on only from "Start" to "Stop". */
export function CameraPage({ project, run }: CameraPageProps) {
  const { state, cameras, device, start, stop } = useCamera();
  if (state.status === 'failed')
    return <ErrorState error={state.error} onRetry={() => start()} retry="Try again" />;
  if (state.status !== 'on')
    return (
      <EmptyState
        icon={Camera}
        title="Hold things in front of the camera"
        actions={
          <Button variant="primary" icon={Camera} busy={state.status === 'asking'} onClick={() => start()}>
            Start the camera
          </Button>
        }
      >
        The model looks at its picture about four times a second and says what it sees. Pictures are looked at
        by the engine and not kept.
      </EmptyState>
    );
  return (
    <Live
      project={project}
      run={run}
      stream={state.stream}
      onStop={stop}
      choice={
        cameras.length < 2 || device === undefined ? null : (
          <Select
            label="Camera"
            value={device}
            options={cameras.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={start}
          />
        )
      }
    />
  );
}

interface LiveProps extends CameraPageProps {
  readonly stream: MediaStream;
  readonly onStop: () => void;
  readonly choice: React.ReactNode;
}

function Live({ project, run, stream, onStop, choice }: LiveProps) {
  const { use } = useActions();
  const video = useRef<HTMLVideoElement>(null);
  const [frozen, setFrozen] = useState(false);
  const ask = useCallback(
    (picture: Blob, signal: AbortSignal) => use.askCamera(project, run, picture, signal),
    [use, project, run],
  );
  const { answer, error } = useLiveAnswer(video, frozen ? undefined : ask);
  useEffect(() => {
    const { current } = video;
    if (current === null) return undefined;
    current.srcObject = stream;
    return () => {
      current.srcObject = null;
    };
  }, [stream]);
  const freeze = (): void => {
    if (frozen) void video.current?.play();
    else video.current?.pause();
    setFrozen(!frozen);
  };
  return (
    <div className="use-camera">
      <div className="use-camera-picture">
        <video ref={video} autoPlay playsInline muted aria-label="Picture of the camera" />
        {frozen ? <span className="use-camera-frozen">Frozen</span> : null}
      </div>
      <div className="use-camera-side">
        <div className="use-camera-buttons">
          <Button icon={frozen ? Play : Pause} aria-pressed={frozen} onClick={freeze}>
            {frozen ? 'Go on' : 'Freeze'}
          </Button>
          <Button variant="quiet" icon={Square} onClick={onStop}>
            Stop the camera
          </Button>
          {choice}
        </div>
        {error === undefined ? null : (
          <Notice tone="problem" title={error.message} detail={error.remedy ?? 'Holotype tries again.'} />
        )}
        {answer === undefined ? (
          <p className="muted small" role="status">
            {error === undefined ? 'The model is looking…' : ''}
          </p>
        ) : (
          <Answer answer={answer} spoken={frozen} />
        )}
      </div>
    </div>
  );
}

/** @param spoken read out: only what stands still, or a screen reader would never be silent */
function Answer({ answer, spoken }: { readonly answer: CameraAnswer; readonly spoken: boolean }) {
  const colors = useClassColors();
  const { confidence, classes, probabilities, value } = answer;
  const label = wordsOf(answer);
  const doubt = doubtOf(answer);
  const unknown = answer.unknown && !isSaidInDoubt(answer);
  return (
    <>
      <div className="use-camera-answer" aria-live={spoken ? 'polite' : 'off'}>
        {value === undefined ? (
          <ClassSwatch
            color={unknown ? unknownColor : (colors.get(answer.labels?.[0] ?? label) ?? 0)}
            size={22}
          />
        ) : null}
        <h2 className="use-camera-label" title={unknown ? 'unknown' : label}>
          {unknown ? 'unknown' : label}
        </h2>
        {value === undefined ? <p className="use-camera-confidence numeric">{percent(confidence)}</p> : null}
        <p className="muted small use-camera-note">
          {unknown ? `Most like ${label}, but ${doubt}.` : doubt === '' ? '' : `This is ${doubt}.`}
        </p>
      </div>
      {value === undefined ? (
        <ProbabilityBars
          label="How likely each class is"
          classes={likeliest(classes, probabilities)
            .slice(0, mostBars)
            .map((one) => ({ ...one, color: colors.get(one.name) ?? 0 }))}
        />
      ) : null}
    </>
  );
}
