import { describe, expect, it } from "vitest";
import { readDamaged, readText } from "../../../test/format-writers.ts";

describe("applied_compute_agentic", () => {
  const session = {
    num_turns: 2,
    input_prompt_length: 1000,
    assistant_response_length: [100, 50],
    tool_call_output_length: [200, 300],
    tool_call_latency: [1.5, 0.25],
    final_assistant_response_length: 20,
  };
  const text = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const closed = { arrivals: "optional", engineBlockSize: 64 } as const;

  it("makes a session of growing prompts, with tool times between (engine-reference §2.5)", async () => {
    const trace = await readText(text(session), closed);
    expect([...trace.inputLength]).toEqual([1000, 1300, 1650]);
    expect([...trace.outputLength]).toEqual([100, 50, 20]);
    expect([...trace.sessions!.turnOf]).toEqual([0, 1, 2]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 1500, 250]);
    expect(trace.sessions!.names).toEqual(["applied_compute_agentic_session_1"]);
    const { ids, offsets } = trace.blocks!;
    const prompt = (request: number) => [...ids.subarray(offsets[request]!, offsets[request + 1]!)];
    // 1000 tokens are 15 whole blocks of 64, 1300 are 20; the partial block behind them is nobody's.
    expect(
      prompt(1)
        .slice(0, 16)
        .map((id, index) => id === prompt(0)[index]),
    ).toEqual([...Array<boolean>(15).fill(true), false]);
    expect(
      prompt(2)
        .slice(0, 21)
        .map((id, index) => id === prompt(1)[index]),
    ).toEqual([...Array<boolean>(20).fill(true), false]);
  });

  it("shares the first blocks of a group", async () => {
    const trace = await readText(text(session, session, session), {
      ...closed,
      sharedPrefixRatio: 0.5,
      numPrefixGroups: 2,
    });
    const { ids, offsets } = trace.blocks!;
    const first = (row: number) => [...ids.subarray(offsets[row * 3]!, offsets[row * 3]! + 9)];
    // Half of two blocks of 512 tokens: 8 blocks of 64.
    expect(first(2).map((id, index) => id === first(0)[index])).toEqual([...Array<boolean>(8).fill(true), false]);
    expect(first(1).some((id) => first(0).includes(id))).toBe(false);
  });

  it.each([
    [{ ...session, input_prompt_length: 0 }, "stdin:1: input_prompt_length must be positive, found 0"],
    [
      { ...session, tool_call_latency: [1.5, -1] },
      "stdin:1: tool_call_latency[1] must be a finite number of at least 0",
    ],
    [{ ...session, assistant_response_length: [1] }, "has 1 entries, but num_turns is 2"],
    [{ ...session, tool_call_output_length: [1.5, 2] }, "tool_call_output_length[0] must be an integer, found 1.5"],
  ])("refuses %j", async (row, problem) => {
    await expect(readText(text(row), closed)).rejects.toThrow(problem);
  });

  it("cannot run in an open loop", async () => {
    await expect(readText(text(session))).rejects.toThrow("stdin:1: timestamp is missing");
  });

  it("is read or cleanly refused however it is damaged", async () => {
    expect(
      await readDamaged(
        Buffer.from(text(session, session)),
        { format: "applied_compute_agentic", arrivals: "optional" },
        1000,
      ),
    ).toBeGreaterThan(100);
  });
});
