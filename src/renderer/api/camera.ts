import { HolotypeError } from '../../contract/errors.ts';

export interface CameraInfo {
  readonly id: string;
  readonly name: string;
}

/** Wanted size of the camera's picture (pixels): no model sees more. */
const wanted = { width: { ideal: 1280 }, height: { ideal: 720 } };
/** Longest side of a picture that is sent (pixels). */
const sentSide = 640;
const quality = 0.85;

/** The cameras there are; none where pages get no camera at all. */
export async function listCameras(): Promise<CameraInfo[]> {
  const devices = await devicesOf(navigator)?.enumerateDevices();
  return (devices ?? [])
    .filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '')
    .map(({ deviceId, label }, at) => ({ id: deviceId, name: label === '' ? `Camera ${at + 1}` : label }));
}

/**
 * Asks for a camera, its picture only. Has to be called while a person presses something.
 * @throws HolotypeError in words for people: there is none, it was not allowed, another program has it
 */
export async function openCamera(device?: string): Promise<MediaStream> {
  const devices = devicesOf(navigator);
  if (devices === undefined)
    throw new HolotypeError('not-supported', 'This page can’t use a camera.', {
      remedy:
        'Browsers give a camera only to pages of this machine or with https. Open Holotype on the machine with the camera.',
    });
  const which = device === undefined ? { facingMode: 'environment' } : { deviceId: { exact: device } };
  try {
    return await devices.getUserMedia({ video: { ...which, ...wanted }, audio: false });
  } catch (cause) {
    throw cameraError(cause);
  }
}

/** Why a browser gave no camera, by the name of what it threw. */
export function cameraError(cause: unknown): HolotypeError {
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new HolotypeError('not-supported', 'The camera was not allowed.', {
        remedy:
          'Allow the camera for Holotype in the browser’s address bar or in the system’s privacy settings, then try again.',
        cause,
      });
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new HolotypeError('not-found', 'No camera was found.', {
        remedy: 'Connect a camera to this machine, then try again. Photos can be answered for without one.',
        cause,
      });
    case 'NotReadableError':
    case 'AbortError':
      return new HolotypeError('busy', 'The camera gives no picture.', {
        remedy: 'Another program may be using it. Close that, or connect the camera anew, then try again.',
        cause,
      });
    default:
      return new HolotypeError('failed', 'The camera could not be started.', {
        remedy: 'Connect it anew, then try again.',
        cause,
      });
  }
}

/** What a video shows now, as a JPEG; undefined before its first picture. */
export async function pictureOf(video: HTMLVideoElement): Promise<Blob | undefined> {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return undefined;
  const scale = Math.min(1, sentSide / Math.max(videoWidth, videoHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => {
    canvas.toBlob((picture) => resolve(picture ?? undefined), 'image/jpeg', quality);
  });
}

/** Absent in pages that are neither of this machine nor secure, whatever the types say. */
function devicesOf(browser: { readonly mediaDevices?: MediaDevices }): MediaDevices | undefined {
  return browser.mediaDevices;
}
