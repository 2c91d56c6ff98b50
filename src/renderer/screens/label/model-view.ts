import type { Explanation } from '../../../contract/runs.ts';
import type { Size } from '../../components/photos/index.ts';

type Window = Explanation['window'];

/**
 * A part of a photo as shares of the picture that a model is given of it (contract/media, `viewPath`): of the square
 * cut out of its middle, of the photo with grey added to make it a square, or of the squashed photo.
 *
 * @param window shares of the photo's width and height
 */
export function windowInView(window: Window, photo: Size, resize: string): Window {
  if (resize === 'squash') return window;
  const { width, height } = photo;
  const side = resize === 'crop' ? Math.min(width, height) : Math.max(width, height);
  return {
    x: (window.x * width - (width - side) / 2) / side,
    y: (window.y * height - (height - side) / 2) / side,
    width: (window.width * width) / side,
    height: (window.height * height) / side,
  };
}
