import { describe, expect, it } from "vitest";
import { assert, double, integer, property } from "../../../test/seeded-properties.ts";
import { clock, count, duration, figure, milliseconds, percent, shareTick, tick } from "./format.ts";

describe("figures on pages", () => {
  it("have about four digits", () => {
    const written = [12_345.6, 345.67, 34.567, 3.4567, 0.034567, 0.00005, 1e-9, 0, -1234.5, Infinity, null].map(figure);
    expect(written).toEqual([
      "12,346",
      "345.7",
      "34.57",
      "3.457",
      "0.0346",
      "0.000050",
      "≈ 0",
      "0",
      "−1,235",
      "∞",
      "–",
    ]);
    expect(count(1_234_567)).toBe("1,234,567");
    // What rounding lifts into the next power of ten has its digits.
    expect([99.994, 99.996, 9.9996, 999.96, 0.99951].map(figure)).toEqual([
      "99.99",
      "100.0",
      "10.00",
      "1,000",
      "1.000",
    ]);
  });

  it("say 0 % and 100 % of nothing and of all only", () => {
    expect([0, 1, 0.00001, 0.99999, 0.1234, null].map(percent)).toEqual([
      "0 %",
      "100 %",
      "0.1 %",
      "99.9 %",
      "12.3 %",
      "–",
    ]);
    assert(
      property(double({ min: 0, max: 1, noNaN: true, minExcluded: true, maxExcluded: true }), (share) => {
        const shown = Number(percent(share).slice(0, -2));
        expect(shown).toBeGreaterThan(0);
        expect(shown).toBeLessThan(100);
        expect(Math.abs(shown - share * 100)).toBeLessThanOrEqual(0.1);
      }),
    );
  });

  it("have the unit a reader would choose", () => {
    expect([0.5, 9999, 10_000, 12_345, 59_900, 60_000, 3_725_000].map(milliseconds)).toEqual([
      "0.500 ms",
      "9,999 ms",
      "10.0 s",
      "12.3 s",
      "59.9 s",
      "1 min 0 s",
      "1 h 2 min 5 s",
    ]);
    expect([9999.6, 59_949, 59_997].map(milliseconds)).toEqual(["10.0 s", "59.9 s", "1 min 0 s"]);
    expect([0.25, 12, 59.5, 59.996, 3600, 3661].map(duration)).toEqual([
      "250 ms",
      "12 s",
      "59.50 s",
      "1 min 0 s",
      "1 h 0 min",
      "1 h 1 min 1 s",
    ]);
    expect([999, 1200, 12_000, 3e6, 4.5e9, -12_000].map(tick)).toEqual(["999", "1,200", "12k", "3M", "4.5G", "−12k"]);
    expect([9999.4, 9999.6, 999_499, 999_500, 999_999, 999.9e6, 1e12].map(tick)).toEqual([
      "9,999",
      "10k",
      "999k",
      "1M",
      "1M",
      "1G",
      "1000G",
    ]);
    expect([0, 0.025, 0.3, 0.1 + 0.2, 0.9995, 1].map(shareTick)).toEqual([
      "0 %",
      "2.5 %",
      "30 %",
      "30 %",
      "99.95 %",
      "100 %",
    ]);
  });

  it("tell the time as a clock does, whatever the number of decimals", () => {
    expect(clock(3599.6)).toBe("1:00:00");
    expect(clock(-65)).toBe("−0:01:05");
    expect(clock(59.96, 0.1)).toBe("0:01:00.0");
    assert(
      property(integer({ min: 0, max: 10_000_000 }), (milliseconds) => {
        const [hours, minutes, seconds] = clock(milliseconds / 1000, 0.001)
          .split(":")
          .map(Number) as [number, number, number];
        expect(Math.round((hours * 3600 + minutes * 60 + seconds) * 1000)).toBe(milliseconds);
        expect(Math.max(minutes, seconds)).toBeLessThan(60);
      }),
    );
  });
});
