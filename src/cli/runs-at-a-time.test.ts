import { describe, expect, it } from "vitest";
import { parallelFrom, runsAtATime } from "./runs-at-a-time.ts";

describe("--parallel", () => {
  it("is a whole number, and no nonsense", () => {
    expect(parallelFrom(undefined)).toBeNull();
    expect(parallelFrom("12")).toBe(12);
    for (const text of ["0", "-1", "1.5", "", "many", "1025", "1e9", "Infinity"]) {
      expect(() => parallelFrom(text)).toThrow(`--parallel: found "${text}", expected a whole number from 1 to 1024`);
    }
  });

  const threads = (asked: number | null, runs: number, cores: number) => {
    const notes: string[] = [];
    return [runsAtATime(asked, runs, (text) => notes.push(text), cores), notes] as const;
  };

  it("is one a core unless it is given, and never more than there are runs", () => {
    expect(threads(null, 100, 8)).toEqual([8, []]);
    expect(threads(null, 3, 8)).toEqual([3, []]);
    expect(threads(12, 100, 2)).toEqual([12, []]);
    expect(threads(1000, 5, 2)).toEqual([5, []]);
    expect(threads(null, Infinity, 192)).toEqual([192, []]);
  });

  it("is held back, with a note, where more threads only take memory", () => {
    const [few, [note]] = threads(400, 1000, 2);
    expect(few).toBe(16);
    expect(note).toBe(
      "--parallel 400: doing 16 runs at a time; 2 cores have no use for more, and each takes memory of its own (0.24 GB with a million requests)",
    );
    expect(threads(400, 1000, 64)[0]).toBe(256);
  });
});
