import type { Interval } from '../../contract/metrics.ts';

/**
 * A part of the whole as a person reads it: 0.967 -> "97%". Never says 100% or 0% of what isn't all or
 * nothing, and a dash of what isn't known.
 * @param part 0..1 or null
 * @param digits decimals kept
 */
export function percent(part: number | null | undefined, digits = 0): string {
  if (part === null || part === undefined) return '–';
  const text = (part * 100).toFixed(digits);
  const step = (10 ** -digits).toFixed(digits);
  if (part < 1 && Number(text) >= 100) return `over ${(100 - 10 ** -digits).toFixed(digits)}%`;
  if (part > 0 && Number(text) === 0) return `under ${step}%`;
  return `${text}%`;
}

/** "between 83% and 99%"; one figure where both ends read the same. Ends are rounded. */
export function between(interval: Interval): string {
  const [low, high] = interval;
  if (percent(low).startsWith('over')) return percent(low);
  if (Math.round(low * 100) === Math.round(high * 100)) return `about ${percent((low + high) / 2)}`;
  return `between ${Math.round(low * 100)}% and ${Math.round(high * 100)}%`;
}

/** 3670 -> "3,670". */
export function integer(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** 1, "photo" -> "1 photo"; 3670, "photo" -> "3,670 photos". */
export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${integer(value)} ${value === 1 ? noun : plural}`;
}

/** Three significant digits, or fewer where they would be zeros: 0.0123, 1.5, 3.2e-7. */
export function decimal(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && Math.abs(value) < 1e-5) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** 23.4 -> "23 s", 754 -> "12 min 34 s", 7300 -> "2 h 2 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 9412345 -> "9.4 MB" (powers of ten, as file managers show). */
export function bytes(value: number): string {
  const units = [value === 1 ? 'byte' : 'bytes', 'kB', 'MB', 'GB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit] ?? ''}`;
}

/** "a", "a and b", "a, b and c"; past `most` the rest is counted: "a, b and 3 more". */
export function list(items: readonly string[], most = 5): string {
  const shown = items.length > most ? items.slice(0, most) : [...items];
  const last = items.length > most ? `${items.length - most} more` : shown.pop();
  return shown.length === 0 ? (last ?? '') : `${shown.join(', ')} and ${last ?? ''}`;
}
