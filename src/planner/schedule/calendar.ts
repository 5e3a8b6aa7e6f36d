/** A calendar time in UTC, to the minute and below. */
export interface CalendarTime {
  readonly year: number;
  /** 1..12. */
  readonly month: number;
  /** 1..31. */
  readonly day: number;
  /** 0 = Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

const DAY_SECONDS = 86_400;

/** Days from 1970-01-01 to a day of the Gregorian calendar (Howard Hinnant's days_from_civil). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The calendar time of seconds since 1970-01-01 (the inverse, civil_from_days). */
export function calendarTime(epochSeconds: number): CalendarTime {
  const days = Math.floor(epochSeconds / DAY_SECONDS);
  const ofDay = epochSeconds - days * DAY_SECONDS;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const weekday = (((days + 4) % 7) + 7) % 7;
  return { year, month, day, weekday, hour: Math.floor(ofDay / 3600), minute: Math.floor((ofDay % 3600) / 60) };
}

/** Seconds since 1970 of `YYYY-MM-DD[THH:MM[:SS]][Z]`, UTC; null when it is no such time. */
export function epochSecondsOf(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?Z?$/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as number[];
  const days = daysFromCivil(year!, month!, day!);
  const back = calendarTime(days * DAY_SECONDS);
  const sound = back.year === year && back.month === month && back.day === day;
  if (!sound || hour! > 23 || minute! > 59 || second! > 59) return null;
  return days * DAY_SECONDS + hour! * 3600 + minute! * 60 + second!;
}
