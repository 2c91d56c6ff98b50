import { useLayoutEffect, useState } from 'react';
import type { Size } from './zoom.ts';

const nothing: Size = { width: 0, height: 0 };

/** The room inside an element's padding (pixels), now and whenever it changes; 0 by 0 before it is measured. */
export function useSize(of: { readonly current: HTMLElement | null }): Size {
  const [size, setSize] = useState(nothing);
  useLayoutEffect(() => {
    const element = of.current;
    if (element === null) return undefined;
    const style = getComputedStyle(element);
    const padding = (...sides: string[]): number =>
      sides.reduce((sum, side) => sum + Number.parseFloat(style.getPropertyValue(`padding-${side}`)), 0);
    const measure = (): void => {
      const width = Math.floor(element.clientWidth - padding('left', 'right'));
      const height = Math.floor(element.clientHeight - padding('top', 'bottom'));
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return size;
}
