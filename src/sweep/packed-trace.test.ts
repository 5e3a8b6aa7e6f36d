import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import type { Trace } from "../trace/trace.ts";
import { packTrace, TraceTransferError, unpackTrace } from "./packed-trace.ts";
import { shareTrace, traceDigest } from "./shared-trace.ts";

const whole = (count: number, max: number) =>
  fc.array(fc.integer({ min: 0, max }), { minLength: count, maxLength: count });

const traces: fc.Arbitrary<Trace> = fc.integer({ min: 0, max: 20 }).chain((count) =>
  fc.record({
    name: fc.string({ unit: "binary" }),
    notes: fc.array(fc.string()),
    count: fc.constant(count),
    arrivalMs: fc
      .array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { minLength: count, maxLength: count })
      .map((values) => Float64Array.from(values)),
    inputLength: whole(count, 100_000).map((values) => Int32Array.from(values)),
    outputLength: whole(count, 1000).map((values) => Int32Array.from(values)),
    blocks: fc.option(
      fc.record({
        blockSize: fc.constantFrom(16, 512),
        offsets: whole(count + 1, 40).map((values) => Float64Array.from(values)),
        ids: fc.array(fc.nat(1000)).map((values) => Int32Array.from(values)),
        distinct: fc.nat(1000),
      }),
    ),
    sessions: fc.option(
      fc.record({
        sessionOf: whole(count, 5).map((values) => Int32Array.from(values)),
        turnOf: whole(count, 5).map((values) => Int32Array.from(values)),
        delayMs: whole(count, 5000).map((values) => Float64Array.from(values)),
        names: fc.array(fc.string()),
      }),
    ),
    priorities: fc.option(
      fc.record({
        boostSeconds: whole(count, 9).map((values) => Float64Array.from(values)),
        strict: whole(count, 9).map((values) => Int32Array.from(values)),
      }),
    ),
  }),
) as fc.Arbitrary<Trace>;

describe("a packed trace", () => {
  it("is the same trace when it is unpacked, in shared memory", async () => {
    await fc.assert(
      fc.asyncProperty(traces, async (trace) => {
        const digest = traceDigest(trace);
        const back = await unpackTrace(await packTrace(trace), digest);
        expect({ ...back, name: trace.name, notes: trace.notes }).toEqual(trace);
        expect(back.inputLength.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect(traceDigest(shareTrace(trace))).toBe(digest);
      }),
      { numRuns: 50 },
    );
  });

  it("never becomes another trace when a byte is wrong, and is refused when some are missing", async () => {
    const [trace] = fc.sample(traces, { numRuns: 1, seed: 5 });
    const digest = traceDigest(trace!);
    const packed = await packTrace(trace!);
    for (let at = 0; at < packed.length; at += 7) {
      const wrong = Buffer.from(packed);
      wrong[at]! ^= 0x10;
      // Bits that only pad the compressed form may change without harm.
      await unpackTrace(wrong, digest).then(
        (back) => expect({ ...back, name: trace!.name, notes: trace!.notes }).toEqual(trace),
        (error) => expect(error).toBeInstanceOf(TraceTransferError),
      );
    }
    await expect(unpackTrace(packed.subarray(0, packed.length - 3), digest)).rejects.toThrow("arrived damaged");
    await expect(unpackTrace(packed, digest.replace(/^./, "g"))).rejects.toThrow("arrived damaged");
    await expect(unpackTrace(Buffer.alloc(0), digest)).rejects.toThrow("arrived damaged");
  });
});

describe("traceDigest", () => {
  it("looks at every column and at neither name nor notes", () => {
    fc.assert(
      fc.property(traces, (trace) => {
        const digest = traceDigest(trace);
        expect(traceDigest({ ...trace, name: `${trace.name}x`, notes: ["read twice"] })).toBe(digest);
        if (trace.count === 0) return;
        const changed = (column: Float64Array | Int32Array) => {
          const copy = column.slice();
          copy[0] = copy[0] === 7 ? 8 : 7;
          return copy;
        };
        const { priorities, sessions } = trace;
        const others = [
          { ...trace, outputLength: changed(trace.outputLength) },
          ...(sessions === null ? [] : [{ ...trace, sessions: { ...sessions, delayMs: changed(sessions.delayMs) } }]),
          ...(priorities ? [{ ...trace, priorities: { ...priorities, strict: changed(priorities.strict) } }] : []),
        ];
        for (const other of others) expect(traceDigest(other as Trace)).not.toBe(digest);
      }),
    );
  });
});
