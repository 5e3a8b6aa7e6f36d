import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { calendarMs, plainCalendarMs } from "./calendar-time.ts";

function plain(text: string, baseMs: number): number {
  const bytes = new TextEncoder().encode(text);
  return plainCalendarMs(bytes, 0, bytes.length, baseMs);
}

describe("calendar times", () => {
  it.each([
    ["1970-01-01 00:00:01", 1000],
    ["1970-01-02T00:00:00.5Z", 86_400_500],
    ["1970-01-01 01:00:00+01:00", 0],
    ["1970-01-01 01:30:00-05:30", 25_200_000],
    ["1970-01-01 00:00:00 -0100", 3_600_000],
    ["1970-01-01 00:00:00.000000001", 1e-6],
  ])("%s is %f ms after 1970", (text, ms) => {
    expect(calendarMs(text, 0)).toBeCloseTo(ms, 9);
  });

  it.each(["2023-02-29 00:00:00", "2023-13-01 00:00:00", "2023-01-01 24:00:00", "2023-01-01", "soon", ""])(
    "%j is none",
    (text) => {
      expect(calendarMs(text, 0)).toBeNaN();
      expect(plain(text, 0)).toBeNaN();
    },
  );

  it("reads bytes as it reads text, whenever it does", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
        fc.stringMatching(/^(\.\d{1,10})?(Z|\+00:00|\+05:30)?$/),
        fc.constantFrom(" ", "T"),
        (date, end, separator) => {
          const text = date.toISOString().slice(0, 19).replace("T", separator) + end;
          const base = Math.floor(date.getTime() / 60_000) * 60_000;
          const careful = calendarMs(text, base);
          const quick = plain(text, base);
          expect(careful).not.toBeNaN();
          if (!Number.isNaN(quick)) expect(quick).toBeCloseTo(careful, 9);
          else expect(date.getUTCDate() > 28 || /\.\d{10}|05:30/.test(end)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("never reads bytes that are no time in text", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^20\d\d[-/]\d\d-[0-3]\d[ T][0-2]\d:[0-6]\d:[0-6]\d[.,]?\d?Z?$/), (text) => {
        if (!Number.isNaN(plain(text, 0))) expect(calendarMs(text, 0)).toBeCloseTo(plain(text, 0), 3);
      }),
      { numRuns: 1000 },
    );
  });
});
