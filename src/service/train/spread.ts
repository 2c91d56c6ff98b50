/** Photos an export is tried on. */
export const parityPhotos = 32;

/** Numbers of `count` of so many photos, spread evenly. */
export function spread(photos: number, count: number): number[] {
  const chosen = Math.min(count, photos);
  return Array.from({ length: chosen }, (_, i) => Math.floor((i * photos) / chosen));
}
