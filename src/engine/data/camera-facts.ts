import exifr from 'exifr';
import { z } from 'zod';

/** Something a photo's file says of it, for people: "Lens: EF50mm f/1.8". */
export interface PhotoFact {
  readonly name: string;
  readonly value: string;
}

/** Longest text that is shown; some programs put whole histories into a description. */
const longestText = 500;

const text = z
  .string()
  .transform((value) => value.replaceAll('\0', '').trim().slice(0, longestText))
  .optional()
  .catch(undefined);
const number = z.number().finite().optional().catch(undefined);

const tagsSchema = z.object({
  Make: text,
  Model: text,
  LensModel: text,
  FocalLength: number,
  FocalLengthIn35mmFormat: number,
  ExposureTime: number,
  FNumber: number,
  ISO: number,
  latitude: number,
  longitude: number,
  GPSAltitude: number,
  GPSAltitudeRef: z.unknown().optional(),
  ImageDescription: text,
  Artist: text,
  Copyright: text,
  Software: text,
});
type Tags = z.infer<typeof tagsSchema>;

/**
 * What the camera wrote into the file, in words: camera, lens, exposure, place, description, author, program. Empty
 * where it says nothing, or nonsense. Never throws.
 */
export async function cameraFacts(bytes: Uint8Array): Promise<PhotoFact[]> {
  let found: unknown;
  try {
    // oxlint-disable-next-line import/no-named-as-default-member -- Node sees only its default export
    found = await exifr.parse(bytes, { tiff: true, exif: true, gps: true, translateValues: false });
  } catch {
    return []; // broken EXIF is common
  }
  const tags = tagsSchema.safeParse(found);
  return tags.success ? inWords(tags.data) : [];
}

function inWords(tags: Tags): PhotoFact[] {
  const facts: [name: string, value: string | undefined][] = [
    ['Camera', camera(tags)],
    ['Lens', tags.LensModel],
    ['Exposure', exposure(tags)],
    ['Focal length', focalLength(tags)],
    ['Place', place(tags)],
    ['Altitude', altitude(tags)],
    ['Description', tags.ImageDescription],
    ['Author', tags.Artist],
    ['Copyright', tags.Copyright],
    ['Program', tags.Software],
  ];
  return facts.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
}

/** Most makers begin the model with their own name; it is not said twice. */
function camera({ Make = '', Model = '' }: Tags): string {
  const brand = Make.split(' ')[0] ?? '';
  return Model.toLowerCase().startsWith(brand.toLowerCase()) ? Model : `${Make} ${Model}`.trim();
}

function exposure({ ExposureTime, FNumber, ISO }: Tags): string {
  const parts = [
    ExposureTime !== undefined && ExposureTime > 0 ? `${seconds(ExposureTime)} s` : '',
    FNumber !== undefined && FNumber > 0 ? `f/${round(FNumber)}` : '',
    ISO !== undefined && ISO > 0 ? `ISO ${round(ISO)}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

const seconds = (time: number): string => (time < 0.3 ? `1/${Math.round(1 / time)}` : `${round(time)}`);

function focalLength({ FocalLength, FocalLengthIn35mmFormat: full }: Tags): string {
  if (FocalLength === undefined || FocalLength <= 0) return '';
  const equivalent =
    full !== undefined && full > 0 && round(full) !== round(FocalLength)
      ? ` (like ${round(full)} mm on full frame)`
      : '';
  return `${round(FocalLength)} mm${equivalent}`;
}

/** Decimal degrees to five places, about a metre. Exactly 0, 0 is what devices write that don't know. */
function place({ latitude, longitude }: Tags): string {
  if (latitude === undefined || longitude === undefined || (latitude === 0 && longitude === 0)) return '';
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return '';
  const north = `${Math.abs(latitude).toFixed(5)}° ${latitude < 0 ? 'S' : 'N'}`;
  const east = `${Math.abs(longitude).toFixed(5)}° ${longitude < 0 ? 'W' : 'E'}`;
  return `${north}, ${east}`;
}

function altitude({ GPSAltitude: metres, GPSAltitudeRef: reference }: Tags): string {
  if (metres === undefined) return '';
  const below = reference === 1 || (reference instanceof Uint8Array && reference[0] === 1);
  return `${below ? '-' : ''}${Math.round(metres)} m`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
