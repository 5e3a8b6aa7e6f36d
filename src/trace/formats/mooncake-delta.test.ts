import { describe, expect, it } from "vitest";
import { readDamaged, readText } from "../../../test/format-writers.ts";

describe("mooncake_delta", () => {
  const rows = [
    { session_id: "s", timestamp: 5, input_length: 100, output_length: 30, hash_ids: [1, 2] },
    { session_id: "s", delay: 9, input_length: 70, output_length: 1, hash_ids: [3, 4] },
  ];
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");

  it("is only read when asked for, and adds up turns and answers", async () => {
    expect([...(await readText(text, { traceBlockSize: 64 })).inputLength]).toEqual([100, 70]);
    const trace = await readText(text, { traceBlockSize: 64, format: "mooncake-delta", engineBlockSize: 16 });
    expect([...trace.inputLength]).toEqual([100, 200]);
    expect([...trace.arrivalMs]).toEqual([0, Number.NaN]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 9]);
    const { ids, offsets } = trace.blocks!;
    expect([...ids.subarray(offsets[1]!, offsets[1]! + 6)]).toEqual([...ids.subarray(0, 6)]);
    // The answer fills blocks 6 and 7, which the second prompt holds.
    const answer = trace.continuations!;
    expect([...ids.subarray(offsets[1]! + 6, offsets[1]! + 8)]).toEqual([...answer.ids.subarray(0, answer.offsets[1])]);
  });

  it("is read or cleanly refused however it is damaged", async () => {
    expect(
      await readDamaged(Buffer.from(text), { format: "mooncake_delta", arrivals: "optional" }, 1000),
    ).toBeGreaterThan(100);
  });
});
