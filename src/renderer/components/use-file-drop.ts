import { useEffect, useRef, useState } from 'react';
import { takeDrop, type Dropped } from '../api/uploads.ts';

/**
 * Makes the whole window take files that are dropped on it, as long as the component is there.
 * @param onDrop told what was dropped; undefined: files are refused, so that the browser doesn't open them
 * @returns whether files are over the window now
 */
export function useFileDrop(onDrop: ((dropped: Dropped) => void) | undefined): boolean {
  const [over, setOver] = useState(false);
  const drop = useRef(onDrop);
  useEffect(() => {
    drop.current = onDrop;
  });
  useEffect(() => {
    // Entering a child comes before leaving its parent: only the balance tells whether they are still over it.
    let depth = 0;
    const withFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const enter = (event: DragEvent): void => {
      if (!withFiles(event)) return;
      event.preventDefault();
      depth += 1;
      setOver(drop.current !== undefined);
    };
    const leave = (event: DragEvent): void => {
      if (!withFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const move = (event: DragEvent): void => {
      if (!withFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer !== null)
        event.dataTransfer.dropEffect = drop.current === undefined ? 'none' : 'copy';
    };
    const take = (event: DragEvent): void => {
      if (event.dataTransfer === null || !withFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      drop.current?.(takeDrop(event.dataTransfer));
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: move, drop: take };
    for (const [type, listener] of Object.entries(listeners))
      window.addEventListener(type as 'drop', listener);
    return () => {
      for (const [type, listener] of Object.entries(listeners))
        window.removeEventListener(type as 'drop', listener);
    };
  }, []);
  return over;
}
