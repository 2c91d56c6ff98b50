import { z } from 'zod';
import { tileSizes, type LabelView } from '../state/label.ts';

const key = 'holotype-label-view';
const viewSchema = z
  .object({
    tileSize: z.number().min(tileSizes.min).max(tileSizes.max),
    panel: z.boolean(),
    details: z.boolean(),
  })
  .partial();

/** How the screen "Label" was left the last time on this machine, as far as that is known. */
export function recallLabelView(): Partial<LabelView> {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    const { tileSize, panel, details } = viewSchema.parse(known);
    return {
      ...(tileSize === undefined ? {} : { tileSize }),
      ...(panel === undefined ? {} : { panel }),
      ...(details === undefined ? {} : { details }),
    };
  } catch {
    // Storage can be switched off, or hold what another version wrote: it is only a convenience.
    return {};
  }
}

export function rememberLabelView(view: LabelView): void {
  try {
    localStorage.setItem(key, JSON.stringify(view));
  } catch {
    // As above.
  }
}
