import { isAugmentPreset, type AugmentPreset } from '../../contract/augment.ts';
import { resizeModes, type InputPolicy } from '../../contract/input-policy.ts';
import {
  jobIdSchema,
  photoIdSchema,
  projectIdSchema,
  runIdSchema,
  uploadIdSchema,
} from '../../contract/ids.ts';
import { mostChangedViews, thumbSizes, type ThumbSize } from '../../contract/media.ts';
import type { TrainOptions } from '../../contract/train.ts';
import type { MediaRequest } from './media.ts';

/** What an address of contract/media.ts asks for, its ids checked. */
export type Route =
  | { readonly kind: 'thumb'; readonly project: string; readonly photo: string; readonly size: ThumbSize }
  | { readonly kind: 'photo'; readonly project: string; readonly photo: string }
  | {
      readonly kind: 'view';
      readonly project: string;
      readonly photo: string;
      readonly resize: InputPolicy['resize'];
      readonly size: number;
      /** As a training changes it; absent: as it is. */
      readonly changed?: ChangedView;
    }
  | { readonly kind: 'answer' | 'answer-photo'; readonly job: string; readonly index: number }
  | { readonly kind: 'download'; readonly download: string }
  | { readonly kind: 'upload'; readonly upload: string; readonly path: string }
  | { readonly kind: 'camera'; readonly project: string; readonly run: string };

export interface ChangedView {
  readonly augment: AugmentPreset;
  readonly flips: TrainOptions['flips'];
  readonly number: number;
}

/** Sides of a model's view that are made (pixels). */
const viewSize = { least: 16, most: 1024 };

/** What is asked for, or undefined for anything that is no address of ours or takes another method. */
export function routeOf({ method, path }: Pick<MediaRequest, 'method' | 'path'>): Route | undefined {
  const [before, kind, a = '', b = '', c = '', d = '', ...more] = path.split('/');
  const changed = kind === 'view' && more.length > 0 ? changedView(more) : undefined;
  if (before !== '' || kind === undefined) return undefined;
  if (kind === 'upload') return method === 'PUT' ? uploadRoute(path) : undefined;
  if (more.length > 0 && changed === undefined) return undefined;
  const given = [a, b, c, d].filter((part) => part !== '').length;
  if (path.split('/').length - 2 !== given + more.length) return undefined;
  if (kind === 'camera') {
    const fits = method === 'POST' && given === 2 && projectIdSchema.safeParse(a).success;
    return fits && runIdSchema.safeParse(b).success ? { kind, project: a, run: b } : undefined;
  }
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (kind === 'download')
    return given === 1 && uploadIdSchema.safeParse(a).success ? { kind, download: a } : undefined;
  if (kind === 'answer' || kind === 'answer-photo') {
    const index = wholeNumber(b);
    const fits = given === 2 && jobIdSchema.safeParse(a).success && index !== undefined;
    return fits ? { kind, job: a, index } : undefined;
  }
  if (!projectIdSchema.safeParse(a).success || !photoIdSchema.safeParse(b).success) return undefined;
  const photo = { project: a, photo: b };
  if (kind === 'photo' && given === 2) return { kind, ...photo };
  if (kind === 'thumb' && given === 3) {
    const size = thumbSizes.find((side) => String(side) === c);
    return size === undefined ? undefined : { kind, ...photo, size };
  }
  if (kind === 'view' && given === 4) {
    const resize = resizeModes.find((mode) => mode === c);
    const size = wholeNumber(d) ?? 0;
    const fits = resize !== undefined && size >= viewSize.least && size <= viewSize.most;
    return fits ? { kind, ...photo, resize, size, ...(changed && { changed }) } : undefined;
  }
  return undefined;
}

function changedView(parts: readonly string[]): ChangedView | undefined {
  const [augment = '', flips, text = '', ...more] = parts;
  const number = wholeNumber(text) ?? 0;
  if (more.length > 0 || number < 1 || number > mostChangedViews || !isAugmentPreset(augment))
    return undefined;
  return flips === 'auto' || flips === 'on' || flips === 'off' ? { augment, flips, number } : undefined;
}

/** A file's names are the one thing in an address that is anybody's: what they may be, the uploads decide. */
function uploadRoute(path: string): Route | undefined {
  const [, , upload = '', ...names] = path.split('/');
  if (!uploadIdSchema.safeParse(upload).success || names.length === 0) return undefined;
  try {
    const decoded = names.map(decodeURIComponent);
    // An escaped slash would make two names of one.
    return decoded.some((name) => name.includes('/'))
      ? undefined
      : { kind: 'upload', upload, path: decoded.join('/') };
  } catch {
    return undefined;
  }
}

function wholeNumber(text: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
}
