/** Numbers as a person reads them: in English, as the words around them, so that 1,234 and 1.234 are not confused. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const percentFine = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const formatCount = (count: number): string => whole.format(count);

/** `1 clip`, `1,200 clips`. */
export const formatCounted = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** A share in [0, 1]; whole percent, never rounded up to 100 % before it is reached. */
export const formatShare = (share: number): string =>
  percent.format(share < 1 ? Math.min(share, 0.99) : share);

export const formatSharePrecise = (share: number): string => percentFine.format(share);

export const formatNumber = (value: number, digits: 0 | 1 | 2 = 2): string =>
  (digits === 0 ? whole : digits === 1 ? oneDigit : twoDigits).format(value);

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units: 1 kB = 1000 bytes, as operating systems and disks count. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = value >= 100 || unit === 0 ? whole.format(value) : oneDigit.format(value);
  return `${text} ${byteUnits[unit] ?? 'bytes'}`;
}

/** A clip's own length: `3.2 s`, `2 min 05 s`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${oneDigit.format(seconds)} s`;
  const total = Math.round(seconds);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = String(total % 60).padStart(2, '0');
  return hours > 0
    ? `${whole.format(hours)} h ${String(minutes).padStart(2, '0')} min`
    : `${minutes} min ${rest} s`;
}

/** How long a person will wait: coarse on purpose. */
export function formatRemaining(seconds: number): string {
  if (seconds < 5) return 'a few seconds';
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${oneDigit.format(hours)} h` : `${oneDigit.format(hours / 24)} days`;
}

/** Total audio: hours from one hour on, else minutes or seconds. */
export function formatAudioTotal(hours: number): string {
  if (hours >= 1) return `${oneDigit.format(hours)} h`;
  const minutes = hours * 60;
  return minutes >= 1 ? `${oneDigit.format(minutes)} min` : `${oneDigit.format(minutes * 60)} s`;
}

export const formatWhen = (iso: string): string => dateTime.format(new Date(iso));

/** `2.4 M`, `94.4 M`, `315 M`. */
export function formatParameters(count: number): string {
  const millions = count / 1e6;
  return millions >= 100 ? `${whole.format(millions)} M` : `${oneDigit.format(millions)} M`;
}
