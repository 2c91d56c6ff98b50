const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const units = [
  ['year', 365 * day],
  ['month', 30 * day],
  ['week', 7 * day],
  ['day', day],
  ['hour', hour],
  ['minute', minute],
] as const;

/** How long ago, as people say it: "yesterday", "3 weeks ago"; "just now" below a minute and in the future. */
export function timeAgo(iso: string, now: Date, locale?: string): string {
  const seconds = (now.getTime() - Date.parse(iso)) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  for (const [unit, length] of units) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return 'just now';
}

/** Date and time in full, in the person's own format. */
export function fullTime(iso: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(iso));
}

/** 0.9421 as "94.2%". Never rounds up to 100%: a model that is wrong once is not perfect. */
export function percent(fraction: number, locale?: string): string {
  const shown = fraction < 1 ? Math.min(fraction, 0.999) : fraction;
  return new Intl.NumberFormat(locale, {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  }).format(shown);
}

/** 12345 as "12,345", in the person's own format. */
export function count(value: number, locale?: string): string {
  return numbersOf(locale).format(value);
}

const numbers = new Map<string | undefined, Intl.NumberFormat>();

/** Making one takes longer than drawing what it is for, and lists have many counts. */
function numbersOf(locale: string | undefined): Intl.NumberFormat {
  const made = numbers.get(locale) ?? new Intl.NumberFormat(locale);
  numbers.set(locale, made);
  return made;
}

/** "1 photo", "12,345 photos". */
export function plural(value: number, one: string, many = `${one}s`, locale?: string): string {
  return `${count(value, locale)} ${value === 1 ? one : many}`;
}

/** 116.3790741 as "116.4": a measured number with the digits that count. */
export function figure(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 }).format(value);
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** 14500000 as "14.5 MB": powers of 1000, as shops and file managers count. */
export function bytes(value: number, locale?: string): string {
  const step = value < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(value) / 3));
  const shown = value / 1000 ** step;
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: byteUnits[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: step < 2 || shown >= 100 ? 0 : 1,
  }).format(shown);
}

/** Seconds as people say them: "3 minutes", "less than a second", "1 h 40 min". */
export function duration(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  if (seconds < 90) return plural(Math.round(seconds), 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return plural(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? plural(hours, 'hour') : `${hours} h ${minutes % 60} min`;
}

/** Large numbers in words: 3538984 as "3.5 million". */
export function compact(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, {
    notation: 'compact',
    compactDisplay: 'long',
    maximumFractionDigits: 1,
  }).format(value);
}

/** "2 to 4 minutes", or one time where both say the same. */
export function between(low: number, high: number): string {
  const [from, to] = [duration(low), duration(high)];
  if (from === to) return from;
  const [number, unit] = from.split(' ');
  // "2 minutes to 4 minutes" says the unit once too often.
  return to.endsWith(` ${unit ?? ''}`) ? `${number ?? ''} to ${to}` : `${from} to ${to}`;
}
