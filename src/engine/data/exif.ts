import exifr from 'exifr';

/**
 * When the camera says the photo was taken, to the second, in the camera's own time: ISO 8601 without a zone
 * ("2024-05-17T09:31:04"). Undefined where it doesn't say, or says nonsense. Never throws.
 */
export async function takenAt(bytes: Uint8Array): Promise<string | undefined> {
  try {
    // oxlint-disable-next-line import/no-named-as-default-member -- Node sees only its default export
    const tags: unknown = await exifr.parse(bytes, {
      pick: ['DateTimeOriginal', 'CreateDate', 'DateTime', 'ModifyDate'],
      reviveValues: false,
    });
    if (typeof tags !== 'object' || tags === null) return undefined;
    // Editing changes ModifyDate, so it is only better than nothing.
    for (const name of ['DateTimeOriginal', 'CreateDate', 'DateTime', 'ModifyDate']) {
      const time = name in tags ? isoTime(Reflect.get(tags, name)) : undefined;
      if (time !== undefined) return time;
    }
  } catch {
    // Broken EXIF is common and no reason to lose a photo: it then has no time.
  }
  return undefined;
}

/** EXIF writes "2024:05:17 09:31:04"; a camera whose clock was never set writes zeros or blanks. */
function isoTime(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = Date.parse(`${iso}Z`);
  if (!Number.isFinite(time) || time <= 0) return undefined;
  // Date.parse rolls the 31st of February over: what comes back must be what went in.
  return new Date(time).toISOString().startsWith(iso) ? iso : undefined;
}
