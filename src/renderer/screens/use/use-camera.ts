import { useCallback, useEffect, useRef, useState } from 'react';
import { toErrorShape, type ErrorShape } from '../../../contract/errors.ts';
import { listCameras, openCamera, type CameraInfo } from '../../api/camera.ts';

export type CameraState =
  | { readonly status: 'off' | 'asking' }
  | { readonly status: 'on'; readonly stream: MediaStream }
  | { readonly status: 'failed'; readonly error: ErrorShape };

interface Camera {
  readonly state: CameraState;
  /** Those there are; their names are known once one was allowed. */
  readonly cameras: readonly CameraInfo[];
  /** The one that is on. */
  readonly device: string | undefined;
  /** Asks for the camera. @param device absent: whichever the browser proposes */
  readonly start: (device?: string) => void;
  readonly stop: () => void;
}

/** A camera that is on only between `start` and `stop`, and never longer than the component is there. */
export function useCamera(): Camera {
  const [state, setState] = useState<CameraState>({ status: 'off' });
  const [cameras, setCameras] = useState<readonly CameraInfo[]>([]);
  const stream = useRef<MediaStream | undefined>(undefined);
  /** Which request is the newest: an older one's camera is given back at once. */
  const asked = useRef(0);

  const release = useCallback((): void => {
    asked.current += 1;
    for (const track of stream.current?.getTracks() ?? []) track.stop();
    stream.current = undefined;
  }, []);
  const stop = useCallback((): void => {
    release();
    setState({ status: 'off' });
  }, [release]);
  const start = useCallback(
    (device?: string): void => {
      release();
      const mine = asked.current;
      setState({ status: 'asking' });
      openCamera(device).then(
        (opened) => {
          if (mine !== asked.current) {
            for (const track of opened.getTracks()) track.stop();
            return;
          }
          stream.current = opened;
          // Unplugged, or taken away in the browser's own settings.
          opened.getVideoTracks()[0]?.addEventListener('ended', () => {
            if (mine === asked.current) stop();
          });
          setState({ status: 'on', stream: opened });
          void listCameras().then(setCameras);
        },
        (error: unknown) => {
          if (mine === asked.current) setState({ status: 'failed', error: toErrorShape(error) });
        },
      );
    },
    [release, stop],
  );
  useEffect(() => release, [release]);
  const device = state.status === 'on' ? state.stream.getVideoTracks()[0]?.getSettings().deviceId : undefined;
  return { state, cameras, device, start, stop };
}
