import type { InputPolicy } from '../../contract/input-policy.ts';

/** A part of a photo, in shares of its width and height; what is padded lies beyond 0..1. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * What a model sees of a photo.
 *
 * @param photo pixels of the photo, right way up
 */
export function windowOf(
  policy: InputPolicy,
  photo: { readonly width: number; readonly height: number },
): Window {
  if (policy.resize === 'squash') return { x: 0, y: 0, width: 1, height: 1 };
  // Pixels of the photo for one of the model's, along each side; one scale fits both.
  const scales = [photo.width / policy.width, photo.height / policy.height];
  const scale = policy.resize === 'pad' ? Math.max(...scales) : Math.min(...scales) * policy.cropFraction;
  const width = (policy.width * scale) / photo.width;
  const height = (policy.height * scale) / photo.height;
  return { x: (1 - width) / 2, y: (1 - height) / 2, width, height };
}
