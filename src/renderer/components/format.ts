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
