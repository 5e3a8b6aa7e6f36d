import { calendarTime } from "./calendar.ts";

/** Times a crontab(5) line fires at. */
export interface CronTimes {
  /** The last firing at or before a time (seconds since 1970, UTC), within a leap cycle of years; null = none. */
  lastAt(epochSeconds: number): number | null;
  /** The first firing after a time; null = none. */
  nextAfter(epochSeconds: number): number | null;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const macros: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** A day can be up to eight years off: 29 February around a year that is no leap year. */
const mostDays = 8 * 366;

/**
 * Reads a crontab(5) line of five fields (minute, hour, day of month, month, day of week) in UTC: `*`, numbers, names,
 * lists, ranges and steps. As there, a day matches when either day field does if neither begins with `*`.
 * @returns why it cannot be read, or its times
 */
export function parseCron(line: string): CronTimes | string {
  const fields = (macros[line.trim().toLowerCase()] ?? line).trim().toLowerCase().split(/\s+/);
  if (fields.length !== 5) return "expected five fields: minute, hour, day of month, month, day of week";
  const sets = [
    fieldSet(fields[0]!, 0, 59, []),
    fieldSet(fields[1]!, 0, 23, []),
    fieldSet(fields[2]!, 1, 31, []),
    fieldSet(fields[3]!, 1, 12, months),
    fieldSet(fields[4]!, 0, 7, weekdays),
  ];
  const broken = sets.find((set) => typeof set === "string");
  if (typeof broken === "string") return broken;
  const [minutes, hours, days, monthsOf, weekdaysOf] = sets as Set<number>[];
  if (weekdaysOf!.has(7)) weekdaysOf!.add(0);
  const eitherDay = !fields[2]!.startsWith("*") && !fields[4]!.startsWith("*");
  const dayMatches = (epochSeconds: number): boolean => {
    const { month, day, weekday } = calendarTime(epochSeconds);
    if (!monthsOf!.has(month)) return false;
    const byDate = days!.has(day);
    const byWeekday = weekdaysOf!.has(weekday);
    return eitherDay ? byDate || byWeekday : byDate && byWeekday;
  };
  const ofDay = [...hours!].flatMap((hour) => [...minutes!].map((minute) => hour * 3600 + minute * 60));
  ofDay.sort((a, b) => a - b);
  return new ParsedCron(dayMatches, ofDay);
}

class ParsedCron implements CronTimes {
  private readonly dayMatches: (epochSeconds: number) => boolean;
  /** Seconds of a day it fires at, ascending. */
  private readonly ofDay: readonly number[];

  constructor(dayMatches: (epochSeconds: number) => boolean, ofDay: readonly number[]) {
    this.dayMatches = dayMatches;
    this.ofDay = ofDay;
  }

  lastAt(epochSeconds: number): number | null {
    let day = Math.floor(epochSeconds / 86_400) * 86_400;
    let at = this.ofDay.findLast((second) => day + second <= epochSeconds);
    for (let i = 0; i < mostDays; i++) {
      if (at !== undefined && this.dayMatches(day)) return day + at;
      day -= 86_400;
      at = this.ofDay.at(-1);
    }
    return null;
  }

  nextAfter(epochSeconds: number): number | null {
    let day = Math.floor(epochSeconds / 86_400) * 86_400;
    let at = this.ofDay.find((second) => day + second > epochSeconds);
    for (let i = 0; i < mostDays; i++) {
      if (at !== undefined && this.dayMatches(day)) return day + at;
      day += 86_400;
      at = this.ofDay[0];
    }
    return null;
  }
}

/** The numbers a field stands for, or what is wrong with it. */
function fieldSet(field: string, min: number, max: number, names: readonly string[]): Set<number> | string {
  const wrong = `found "${field}", expected *, numbers from ${min} to ${max}, lists, ranges or steps`;
  const numbered = (text: string): number => {
    const named = names.indexOf(text);
    if (named >= 0) return named + min;
    return /^\d+$/.test(text) ? Number(text) : NaN;
  };
  const numbers = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    if (match === null) return wrong;
    const [, from, to, stepText] = match;
    const step = stepText === undefined ? 1 : Number(stepText);
    const first = from === "*" ? min : numbered(from!);
    const last = from === "*" ? max : to !== undefined ? numbered(to) : stepText === undefined ? first : max;
    if (!(first >= min && last <= max && first <= last && step >= 1) || (from === "*" && to !== undefined))
      return wrong;
    for (let number = first; number <= last; number += step) numbers.add(number);
  }
  return numbers;
}
