const pattern = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?: ?(Z|UTC|[+-]\d{2}:?\d{2}))?$/;

/**
 * Milliseconds of a calendar time like "2023-11-16 18:15:46.6805900", with all its digits, since the whole second
 * `baseMs`; a missing zone means UTC. NaN for any other text.
 *
 * @param baseMs Some whole second near it, ms since 1970: differences this small keep nanoseconds in a double.
 */
export function calendarMs(text: string, baseMs: number): number {
  const match = pattern.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const wholeMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (
    new Date(wholeMs).getUTCDate() !== Number(day) ||
    Number(month) > 12 ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60
  ) {
    return Number.NaN;
  }
  const offset = zone === undefined || zone === "Z" || zone === "UTC" ? 0 : zoneMs(zone);
  return wholeMs - offset - baseMs + Number(`0${fraction ?? ""}`) * 1000;
}

function zoneMs(zone: string): number {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

const lastDay = { key: -1, ms: 0 };

/**
 * The same for bytes in the usual shape, without making text of them: `YYYY-MM-DD HH:MM:SS`, up to nine decimals, and
 * Z or +00:00 or nothing. NaN for any other shape, which may yet be a calendar time.
 */
export function plainCalendarMs(bytes: Uint8Array, start: number, end: number, baseMs: number): number {
  const seconds = end - start >= 19 && hasSeparators(bytes, start) ? secondsOfDay(bytes, start) : -1;
  const year = digits(bytes, start, start + 4);
  const month = digits(bytes, start + 5, start + 7);
  const day = digits(bytes, start + 8, start + 10);
  // Days that some months lack are left to the careful way.
  if (seconds < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 28) return Number.NaN;
  let at = start + 19;
  let fraction = 0;
  if (at < end && bytes[at] === 46) {
    const first = at + 1;
    at = first;
    while (at < end && bytes[at]! >= 48 && bytes[at]! <= 57) at++;
    if (at === first || at - first > 9) return Number.NaN;
    fraction = digits(bytes, first, at) / 10 ** (at - first - 3);
  }
  if (at !== end && !isUtc(bytes, at, end)) return Number.NaN;
  const key = (year * 12 + month) * 31 + day;
  if (lastDay.key !== key) {
    lastDay.key = key;
    lastDay.ms = Date.UTC(year, month - 1, day);
  }
  return lastDay.ms + seconds * 1000 - baseMs + fraction;
}

function hasSeparators(bytes: Uint8Array, start: number): boolean {
  const middle = bytes[start + 10];
  return (
    bytes[start + 4] === 45 &&
    bytes[start + 7] === 45 &&
    (middle === 32 || middle === 84) &&
    bytes[start + 13] === 58 &&
    bytes[start + 16] === 58
  );
}

/** Seconds since midnight of the time at `start + 11`; −1 when it is none. */
function secondsOfDay(bytes: Uint8Array, start: number): number {
  const hour = digits(bytes, start + 11, start + 13);
  const minute = digits(bytes, start + 14, start + 16);
  const second = digits(bytes, start + 17, start + 19);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  return hour * 3600 + minute * 60 + second;
}

/** An integer of decimal digits; −1 for anything else. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isUtc(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start === 1) return bytes[start] === 90;
  if (end - start !== 6 || (bytes[start] !== 43 && bytes[start] !== 45) || bytes[start + 3] !== 58) return false;
  return digits(bytes, start + 1, start + 3) === 0 && digits(bytes, start + 4, end) === 0;
}
