/**
 * Addresses of pictures and files: they never travel in a call. Every address is made of ids; it stands below
 * `/media` on the web host and below `media://holotype` in the desktop app.
 */

/** Sides of thumbnails that are made (pixels); they keep the photo's proportions. */
export const thumbSizes = [128, 256, 512] as const;
export type ThumbSize = (typeof thumbSizes)[number];

/** That of the pictures which stand for a project on the home screen. */
export const coverSize: ThumbSize = 256;

/** A small picture of a project's photo, right way up. */
export const thumbPath = (project: string, photo: string, size: ThumbSize): string =>
  `/thumb/${project}/${photo}/${size}`;

/** The whole photo as a browser can show it, right way up. */
export const photoPath = (project: string, photo: string): string => `/photo/${project}/${photo}`;

/** The photo as a model sees it: `resize` is an input policy's, `size` the model's side in pixels. */
export const viewPath = (project: string, photo: string, resize: string, size: number): string =>
  `/view/${project}/${photo}/${resize}/${size}`;

/** Changed views that are made to be looked at, of each photo. */
export const mostChangedViews = 99;

/** What a training may make of that: the view `number` (from 1) of a preset, mirrored or not as `flips` says. */
export const changedViewPath = (
  view: string,
  augment: string,
  flips: 'auto' | 'on' | 'off',
  number: number,
): string => `${view}/${augment}/${flips}/${number}`;

/** A small picture of a photo that a prediction job has answered for. */
export const answerPath = (job: string, index: number): string => `/answer/${job}/${index}`;

/** The same photo whole, as a browser can show it, right way up. */
export const answerPhotoPath = (job: string, index: number): string => `/answer-photo/${job}/${index}`;

/** A file that was made for the person: an export, a shared project, a table, a report. */
export const downloadPath = (download: string): string => `/download/${download}`;

/** Where the window sends (PUT) one file of an upload; `name` is its path within what was dropped. */
export const uploadPath = (upload: string, name: string): string =>
  `/upload/${upload}/${name.split('/').map(encodeURIComponent).join('/')}`;

/** Where the window sends (POST) one picture of the camera; the answer is a {@link cameraAnswerSchema} as JSON. */
export const cameraPath = (project: string, run: string): string => `/camera/${project}/${run}`;
