import { Readable } from "node:stream";
import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { mooncakeLines } from "../mooncake-writer.ts";
import { openTrace } from "../open-trace.ts";
import type { Trace } from "../trace.ts";
import { mergeTraces } from "./merge-traces.ts";
import { sampleTrace } from "./sample-trace.ts";
import { scaleTrace } from "./scale-trace.ts";
import { sliceTrace } from "./slice-trace.ts";

function read(lines: readonly object[]): Promise<Trace> {
  return readText(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function readText(text: string, traceBlockSize = 512): Promise<Trace> {
  return openTrace("-", { stdin: Readable.from([Buffer.from(text)]), format: "mooncake", traceBlockSize });
}

/** A trace without what depends on how it was read. */
function content({ name: _, notes: __, ...rest }: Trace): object {
  return rest;
}

const plain = [
  { timestamp: 0, input_length: 1024, output_length: 3, hash_ids: [1, 2] },
  { timestamp: 500, input_length: 1000, output_length: 4, hash_ids: [1, 3] },
  { timestamp: 1500, input_length: 600, output_length: 5, hash_ids: [1, 2] },
  { timestamp: 2500, input_length: 30, output_length: 6, hash_ids: [9] },
];
const withSessions = [
  { session_id: "a", timestamp: 10, input_length: 512, output_length: 3, hash_ids: [1] },
  { session_id: "b", timestamp: 20, input_length: 512, output_length: 3, hash_ids: [1] },
  { session_id: "a", delay: 5, input_length: 1000, output_length: 3, hash_ids: [1, 7] },
  { session_id: "b", delay: 6, input_length: 600, output_length: 3, hash_ids: [1, 8] },
];

describe("mooncakeLines", () => {
  it("writes what reads back as the same trace", async () => {
    for (const lines of [plain, withSessions]) {
      const trace = await read(lines);
      const again = await readText([...mooncakeLines(trace)].join(""));
      const { arrivalMs, ...rest } = content(trace) as Trace;
      const { arrivalMs: arrivalsAgain, ...restAgain } = content(again) as Trace;
      expect(restAgain).toEqual(rest);
      // Later turns need no time.
      expect([...arrivalsAgain].slice(0, 2)).toEqual([...arrivalMs].slice(0, 2));
    }
  });

  it("holds for any lengths and sharing", async () => {
    const row = fc.record({
      timestamp: fc.integer({ min: 0, max: 1e6 }),
      input_length: fc.integer({ min: 1, max: 64 }),
      output_length: fc.nat(1000),
      hash_ids: fc.array(fc.nat(9), { minLength: 4, maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const trace = await readText(rows.map((each) => `${JSON.stringify(each)}\n`).join(""), 16);
        const again = await readText([...mooncakeLines(trace)].join(""), trace.blocks === null ? 512 : 16);
        expect(content(again)).toEqual(content(trace));
      }),
      { numRuns: 200 },
    );
  });
});

describe("sliceTrace", () => {
  it("keeps a span of time, from 0, and numbers its blocks anew", async () => {
    const trace = sliceTrace(await read(plain), { fromSeconds: 0.5, toSeconds: 2.5 });
    expect([...trace.arrivalMs]).toEqual([0, 1000]);
    expect([...trace.blocks!.ids]).toEqual([0, 1, 0, 2]);
  });

  it("keeps the first requests", async () => {
    expect(sliceTrace(await read(plain), { maxRequests: 2 }).count).toBe(2);
  });

  it("keeps or drops sessions as a whole by time", async () => {
    const trace = sliceTrace(await read(withSessions), { fromSeconds: 0.005 });
    expect(trace.sessions!.names).toEqual(["b"]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 6]);
    expect([...trace.arrivalMs].slice(0, 1)).toEqual([0]);
  });

  it("refuses to leave nothing", async () => {
    const trace = await read(plain);
    expect(() => sliceTrace(trace, { fromSeconds: 9 })).toThrow("no request lies in the slice");
  });
});

describe("sampleTrace", () => {
  it("keeps a share, the same for the same seed", async () => {
    const many = await read(Array.from({ length: 2000 }, (_, index) => ({ ...plain[0], timestamp: index })));
    const half = sampleTrace(many, 0.5, 3);
    expect(half.count).toBeGreaterThan(900);
    expect(half.count).toBeLessThan(1100);
    expect(sampleTrace(many, 0.5, 3)).toEqual(half);
    expect(sampleTrace(many, 1, 3).count).toBe(2000);
  });

  it("keeps whole sessions", async () => {
    const trace = await read(withSessions);
    for (let seed = 0; seed < 20; seed++) {
      let sampled: Trace;
      try {
        sampled = sampleTrace(trace, 0.5, seed);
      } catch {
        continue;
      }
      expect(sampled.count).toBe(2 * sampled.sessions!.names.length);
    }
  });
});

describe("scaleTrace", () => {
  it("divides arrivals and think times", async () => {
    const trace = scaleTrace(await read(withSessions), 2);
    expect(trace.arrivalMs[1]).toBe(5);
    expect([...trace.sessions!.delayMs]).toEqual([0, 0, 2.5, 3]);
  });
});

describe("mergeTraces", () => {
  it("overlays requests by arrival and shares nothing between traces", async () => {
    const one = await read(plain);
    const merged = mergeTraces([one, scaleTrace(one, 10)]);
    expect([...merged.arrivalMs]).toEqual([0, 0, 50, 150, 250, 500, 1500, 2500]);
    expect([...merged.outputLength]).toEqual([3, 3, 4, 5, 6, 4, 5, 6]);
    const { ids, offsets, distinct } = merged.blocks!;
    expect(distinct).toBe(8);
    expect([...ids.subarray(offsets[0]!, offsets[3]!)]).toEqual([0, 1, 2, 3, 2, 4]);
    expect(Math.max(...ids)).toBe(7);
  });

  it("names sessions apart and keeps their turns in order", async () => {
    const merged = mergeTraces([await read(withSessions), await read(plain)]);
    expect(merged.sessions!.names).toEqual(["1/a", "2/request_1", "1/b", "2/request_2", "2/request_3", "2/request_4"]);
    expect([...merged.sessions!.turnOf]).toEqual([0, 1, 0, 0, 1, 0, 0, 0]);
  });

  it("refuses blocks of different sizes", async () => {
    const small = await readText(`${JSON.stringify(plain[0])}\n${JSON.stringify(plain[2])}\n`, 16);
    const large = await read(plain);
    expect(() => mergeTraces([small, large])).toThrow("blocks have different sizes (16, 512 tokens)");
  });
});
