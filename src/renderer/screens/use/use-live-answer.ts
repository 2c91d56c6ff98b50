import { useEffect, useState, type RefObject } from 'react';
import { toErrorShape, type ErrorShape } from '../../../contract/errors.ts';
import type { CameraAnswer } from '../../../contract/use.ts';
import { pictureOf } from '../../api/camera.ts';

/** A new picture is sent so often (ms), if the last one was answered by then. */
export const sendEvery = 250;
/** After an answer that failed (ms). */
const waitAfterFailure = 2_000;

/**
 * What the model takes the camera's picture for, again and again, one picture at a time.
 *
 * @param ask memoized; undefined: nothing is sent, and the last answer stays
 */
export function useLiveAnswer(
  video: RefObject<HTMLVideoElement | null>,
  ask: ((picture: Blob, signal: AbortSignal) => Promise<CameraAnswer>) | undefined,
): { readonly answer: CameraAnswer | undefined; readonly error: ErrorShape | undefined } {
  const [answer, setAnswer] = useState<CameraAnswer>();
  const [error, setError] = useState<ErrorShape>();
  useEffect(() => {
    if (ask === undefined) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      let wait = sendEvery;
      const began = performance.now();
      try {
        const picture = video.current === null ? undefined : await pictureOf(video.current);
        if (picture !== undefined && !signal.aborted) {
          const next = await ask(picture, signal);
          if (signal.aborted) return;
          setAnswer(next);
          setError(undefined);
        }
        wait = Math.max(0, sendEvery - (performance.now() - began));
      } catch (problem) {
        if (signal.aborted) return;
        setError(toErrorShape(problem));
        wait = waitAfterFailure;
      }
      if (!signal.aborted) timer = setTimeout(() => void look(), wait);
    };
    void look();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [video, ask]);
  return { answer, error };
}
