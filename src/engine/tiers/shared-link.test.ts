import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, test } from "vitest";
import { SharedLink } from "./shared-link.ts";
import { TransferClock } from "./transfer-clock.ts";

interface Asked {
  readonly atNs: number;
  readonly bytes: number;
}

/** Ends of transfers that start at given times (in order), ns. */
function endsOf(transfers: readonly Asked[], gigabytesPerSecond: number): number[] {
  const clock = new TransferClock();
  const link = clock.link(gigabytesPerSecond);
  const ends = transfers.map(() => NaN);
  for (const [i, { atNs, bytes }] of transfers.entries()) {
    clock.advance(atNs);
    link.start(bytes, atNs, (endNs) => (ends[i] = endNs));
  }
  clock.advance(Infinity);
  return ends;
}

const megabyte = 1e6;

describe("transfers of a link share its bandwidth", () => {
  test.each([
    { name: "two at once", starts: [0, 0], ends: [2, 2] },
    { name: "the second half-way", starts: [0, 0.5], ends: [1.5, 2] },
    { name: "ten at once", starts: Array.from({ length: 10 }, () => 0), ends: Array.from({ length: 10 }, () => 10) },
    { name: "one after the other", starts: [0, 3], ends: [1, 4] },
  ])("$name: megabytes over 1 GB/s", ({ starts, ends }) => {
    const transfers = starts.map((ms) => ({ atNs: ms * 1e6, bytes: megabyte }));
    expect(endsOf(transfers, 1).map((ns) => ns / 1e6)).toEqual(ends);
  });

  test("a bandwidth of 0 means no time", () => {
    expect(endsOf([{ atNs: 7, bytes: megabyte }], 0)).toEqual([7]);
  });

  test("a transfer's end is known when nothing more starts", () => {
    const link = new SharedLink(1);
    const first = link.start(megabyte, 0, () => {})!;
    const second = link.start(3 * megabyte, 0.5e6, () => {})!;
    expect(link.endOf(first) / 1e6).toBeCloseTo(1.5, 9);
    expect(link.endOf(second) / 1e6).toBeCloseTo(4, 9);
    expect(link.nextEndNs).toBe(link.endOf(first));
  });

  test("equal sharing in small steps gives the same ends, and no byte is lost", () => {
    const asked = fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 40 }), bytes: fc.integer({ min: 1, max: 30 }) }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(asked, (list) => {
        let atNs = 0;
        const transfers = list.map(({ gap, bytes }) => ({ atNs: (atNs += gap), bytes }));
        const ends = endsOf(transfers, 1);
        const stepped = inSmallSteps(transfers);
        for (const [i, endNs] of ends.entries()) expect(Math.abs(endNs - stepped[i]!)).toBeLessThan(0.5);
        const busy = Math.max(...ends) - transfers[0]!.atNs;
        expect(busy).toBeGreaterThanOrEqual(transfers.reduce((sum, { bytes }) => sum + bytes, 0) - 1e-6);
      }),
      { numRuns: 200 },
    );
  });
});

/** The same by brute force: bandwidth 1 byte/ns dealt out in steps of 1/64 ns. */
function inSmallSteps(transfers: readonly Asked[]): number[] {
  const step = 1 / 64;
  const left = transfers.map(({ bytes }) => bytes);
  const ends = transfers.map(() => NaN);
  let nowNs = 0;
  while (ends.some(Number.isNaN)) {
    const active = transfers.flatMap(({ atNs }, i) => (atNs <= nowNs && Number.isNaN(ends[i]!) ? [i] : []));
    nowNs += step;
    for (const i of active) {
      left[i]! -= step / active.length;
      if (left[i]! <= 1e-9) ends[i] = nowNs;
    }
  }
  return ends;
}
