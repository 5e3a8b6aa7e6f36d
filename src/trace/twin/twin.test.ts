import { Readable } from "node:stream";
import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { profileTrace } from "../inspect/trace-profile.ts";
import { openTrace } from "../open-trace.ts";
import { generateWorkload } from "../presets/generate-workload.ts";
import { openPreset } from "../presets/presets.ts";
import type { Trace } from "../trace.ts";
import { fitWorkload } from "./fit-workload.ts";

function near(found: number, wanted: number, share: number): void {
  expect(Math.abs(found - wanted) / wanted, `${found} against ${wanted}`).toBeLessThan(share);
}

describe("fitWorkload", () => {
  it.each(["toolagent", "conversation"])("draws a twin of preset:%s with its totals, lengths and sharing", (name) => {
    const original = openPreset(name, 1);
    const twin = profileTrace(generateWorkload(fitWorkload(original), 5));
    const wanted = profileTrace(original);
    expect(twin.requests).toBe(wanted.requests);
    near(twin.inputTokens, wanted.inputTokens, 0.01);
    near(twin.outputTokens, wanted.outputTokens, 0.01);
    near(twin.arrivals!.durationSeconds, wanted.arrivals!.durationSeconds, 0.01);
    near(twin.inputLength.p50, wanted.inputLength.p50, 0.15);
    near(twin.outputLength.p90, wanted.outputLength.p90, 0.15);
    near(twin.sharing!.distinctBlocks, wanted.sharing!.distinctBlocks, 0.02);
    near(twin.arrivals!.dispersion[0]!.index, wanted.arrivals!.dispersion[0]!.index, 0.2);
    // A finite cache sees how close in time the sharing is.
    const hitRate = (profile: typeof twin, blocks: number) =>
      profile.sharing!.lru.find((point) => point.blocks === blocks)!.hitRate;
    for (const blocks of [1024, 8192, 32_768]) {
      expect(Math.abs(hitRate(twin, blocks) - hitRate(wanted, blocks))).toBeLessThan(0.05);
    }
  });

  it("finds the two tools and the chat of preset:toolagent by their prefixes", () => {
    const model = fitWorkload(openPreset("toolagent", 1));
    const prefixes = model.families.map((family) => family.prefixBlocks);
    expect(prefixes.toSorted((one, other) => one - other)).toEqual([1, 5, 12]);
    expect(model.tickMs).toBe(3053);
    expect(model.families.filter((family) => family.turns !== undefined)).toHaveLength(1);
  });

  it("fits any small trace, with and without sharing, and draws as many usable requests", async () => {
    const row = fc.record({
      timestamp: fc.integer({ min: 0, max: 5000 }),
      output_length: fc.integer({ min: 0, max: 50 }),
      hash_ids: fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), fc.nat(), async (rows, seed) => {
        const text = rows.map((each) => `${JSON.stringify(each)}\n`).join("");
        const trace: Trace = await openTrace("-", { stdin: Readable.from([Buffer.from(text)]), traceBlockSize: 16 });
        const twin = generateWorkload(fitWorkload(trace), seed);
        expect(twin.count).toBe(trace.count);
        expect(twin.inputLength.every((tokens) => tokens > 0)).toBe(true);
        expect(twin.outputLength.every((tokens) => tokens >= 0)).toBe(true);
        expect(twin.arrivalMs.every((at) => at >= 0 && Number.isFinite(at))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses a trace without times", async () => {
    const trace = await openTrace("-", {
      stdin: Readable.from([Buffer.from('{"input_length":5,"output_length":1,"hash_ids":[1]}')]),
      arrivals: "optional",
    });
    expect(() => fitWorkload(trace)).toThrow("stdin: a twin needs the arrival time of every request, 1 of 1 have none");
  });
});
