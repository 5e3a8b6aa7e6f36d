import { quoted } from "../trace-error.ts";
import { unitOfName } from "./log-columns.ts";

/** Milliseconds of each unit a log may count in. */
const unitMs = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const;
type Unit = keyof typeof unitMs;

/** Ways of writing a time that are known by sight; none can be taken for another. */
const knownPatterns = [
  "YYYY-MM-DD HH:mm:ss",
  "YYYY/MM/DD HH:mm:ss",
  "DD.MM.YYYY HH:mm:ss",
  "DD/MMM/YYYY:HH:mm:ss",
  "DD MMM YYYY HH:mm:ss",
];

const unitNeeded = "with a unit told by --trace-time-format s, ms, us or ns";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const parts: Readonly<Record<string, string>> = {
  YYYY: "(?<year>\\d{4})",
  MMM: `(?<monthName>${months.join("|")})[a-z]*`,
  MM: "(?<month>\\d{1,2})",
  DD: "(?<day>\\d{1,2})",
  HH: "(?<hour>\\d{1,2})",
  hh: "(?<hour>\\d{1,2})",
  mm: "(?<minute>\\d{2})",
  ss: "(?<second>\\d{2})(?<fraction>[.,]\\d+)?",
  A: "(?<half>[ap])\\.?m\\.?",
};

/** ms since some whole second `baseMs` near it, which keeps nanoseconds in a double; NaN for another text. */
type PatternReader = (text: string, baseMs: number) => number;

/** A date as text, by a pattern such as "DD/MM/YYYY HH:mm:ss"; decimals of a second and a zone may follow. */
function patternReader(pattern: string): PatternReader | null {
  const body = pattern.trim().replaceAll(/YYYY|MMM|MM|DD|HH|hh|mm|ss|A|[^A-Za-z]|T/g, (part) => {
    if (parts[part] !== undefined) return parts[part];
    return /[\sT]/.test(part) ? "(?:T|\\s+)" : `\\${part}`;
  });
  const named = (name: string) => body.includes(`(?<${name}>`);
  if (!named("year") || !named("day") || named("month") === named("monthName") || !named("hour")) return null;
  // A letter that stands for nothing, or a part that stands twice.
  if (/[A-Za-z]/.test(pattern.replaceAll(/YYYY|MMM|MM|DD|HH|hh|mm|ss|A|T/g, ""))) return null;
  if (new Set(body.match(/\?<\w+>/g)).size !== body.match(/\?<\w+>/g)!.length) return null;
  const whole = new RegExp(`^${body}\\s?(?<zone>Z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?)?$`, "i");
  return (text, baseMs) => {
    const found = whole.exec(text)?.groups;
    return found === undefined ? Number.NaN : calendarMs(found, baseMs);
  };
}

function calendarMs(found: Readonly<Record<string, string | undefined>>, baseMs: number): number {
  const month = found["monthName"] === undefined ? Number(found["month"]) : 1 + monthOf(found["monthName"]);
  const [year, day] = [Number(found["year"]), Number(found["day"])];
  const [minute, second] = [Number(found["minute"] ?? 0), Number(found["second"] ?? 0)];
  const half = found["half"]?.toLowerCase();
  const written = Number(found["hour"]);
  if (half !== undefined && (written < 1 || written > 12)) return Number.NaN;
  const hour = half === undefined ? written : (written % 12) + (half === "p" ? 12 : 0);
  const whole = Date.UTC(year, month - 1, day, hour, minute, second);
  if (month > 12 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return Number.NaN;
  const fraction = Number(`0${(found["fraction"] ?? "").replace(",", ".")}`) * 1000;
  return whole - zoneMs(found["zone"]) - baseMs + fraction;
}

function monthOf(name: string): number {
  return months.indexOf(name.slice(0, 3).toLowerCase());
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || /[a-z]/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.length > 3 ? zone.slice(-2) : 0);
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** Reads the time column of a log: how it is written is told, or settled by the first row. */
export class LogClock {
  readonly #name: string;
  /** The unit numbers are in, or the pattern of a text; null until the first row. */
  #format: string | null;
  #read: PatternReader | null = null;
  /** What times count from: the first number as it stands, or the whole second of the first date, ms since 1970. */
  #origin = Number.NaN;
  #unit: Unit | null = null;
  /** Whether times are calendar times, so that the run has a date. */
  #isCalendar = false;
  #isIso = false;
  /** Why times of this column cannot be read at all: told of every row alike. */
  #unreadable: Error | null = null;

  /**
   * @param name The column, whose ending may tell a unit.
   * @param format `--trace-time-format`: s, ms, us, ns or a pattern; null = by sight
   */
  constructor(name: string, format: string | null) {
    this.#name = name;
    this.#format = format ?? unitOfName(name);
  }

  /** How times are written, for a note. */
  get format(): string {
    return this.#format ?? "";
  }

  /** Wall time of the origin, ms since 1970; null for times that are none. */
  get originUnixMs(): number | null {
    if (!this.#isCalendar) return null;
    return this.#unit === null ? this.#origin : this.#origin * unitMs[this.#unit];
  }

  /** The origin of times in ISO 8601's order, ms since 1970; NaN of others. What reads them faster counts from it. */
  get isoOriginMs(): number {
    return this.#isIso ? this.#origin : Number.NaN;
  }

  /** ms since an origin near the first time read. @throws Error that says what was found and what is allowed, without the place. */
  ms(found: string | number): number {
    const text = String(found).trim();
    // Names such as created_ms hold numbers; where they hold text all the same, it speaks for itself.
    const isNumber = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);
    if (this.#unreadable !== null) throw this.#unreadable;
    if (this.#unit === null && this.#read === null) this.#settle(text, isNumber);
    if (this.#unit !== null) {
      const value = isNumber ? Number(text) : Number.NaN;
      if (!Number.isFinite(value)) this.#refuse(text, `a finite number (${this.#unit})`);
      if (Number.isNaN(this.#origin)) this.#origin = value;
      return (value - this.#origin) * unitMs[this.#unit];
    }
    if (Number.isNaN(this.#origin)) this.#origin = Math.floor(this.#read!(text, 0) / 1000) * 1000;
    const value = this.#read!(text, this.#origin);
    if (Number.isNaN(value)) this.#refuse(text, `a time like ${this.#format}`);
    return value;
  }

  #settle(text: string, isNumber: boolean): void {
    const told = this.#format !== null && this.#format in unitMs ? (this.#format as Unit) : null;
    if (told !== null && isNumber) return this.#settleUnit(told, Number(text));
    if (this.#format !== null && told === null) {
      this.#read = patternReader(this.#format);
      this.#isCalendar = true;
      return;
    }
    if (isNumber)
      return this.#settleUnit(sinceUnixUnit(Number(text)) ?? this.#refuseAll(text, unitNeeded), Number(text));
    for (const pattern of knownPatterns) {
      const read = patternReader(pattern)!;
      if (Number.isNaN(read(text, 0))) continue;
      [this.#read, this.#format, this.#isCalendar] = [read, pattern, true];
      this.#isIso = pattern === knownPatterns[0];
      return;
    }
    this.#refuseAll(text, `described with --trace-time-format, such as "DD/MM/YYYY HH:mm:ss"`);
  }

  #settleUnit(unit: Unit, first: number): void {
    [this.#unit, this.#format] = [unit, unit];
    this.#isCalendar = sinceUnixUnit(first) === unit;
  }

  #refuseAll(text: string, cure: string): never {
    this.#unreadable = new Error(`${this.#name} must be a time known by sight, or ${cure}; found "${quoted(text)}"`);
    throw this.#unreadable;
  }

  #refuse(text: string, allowed: string): never {
    throw new Error(`${this.#name} must be ${allowed}, found "${quoted(text)}"`);
  }
}

/** The unit in which a number is a time since 1970, from 1973 to 2286; null for other numbers. */
function sinceUnixUnit(value: number): Unit | null {
  if (value >= 1e8 && value < 1e10) return "s";
  if (value >= 1e11 && value < 1e13) return "ms";
  if (value >= 1e14 && value < 1e16) return "us";
  return value >= 1e17 && value < 1e19 ? "ns" : null;
}

/** What is wrong with a `--trace-time-format`; null for one that can be used. */
export function timeFormatProblem(format: string): string | null {
  if (format in unitMs || patternReader(format) !== null) return null;
  return `found "${quoted(format)}", expected s, ms, us, ns or a pattern of YYYY, MM or MMM, DD, HH (hh with A for AM or PM), mm, ss, such as "DD/MM/YYYY HH:mm:ss"`;
}
