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
