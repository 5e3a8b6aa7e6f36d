import { describe, expect, it } from "vitest";
import { simulate } from "../../simulation/simulate.ts";
import type { SimulationOutcome } from "../../simulation/outcome.ts";
import type { SemanticsName } from "../semantics.ts";
import type { EngineConfig } from "../engine-config.ts";
import { failureReasons, RequestStatus } from "../../metrics/request-ledger.ts";
import { engineConfig } from "../../../test/golden-case.ts";

interface Asked {
  readonly atMs: number;
  readonly input: number;
  readonly output: number;
  /** Identities of the prompt's blocks of 512 tokens. */
  readonly ids: readonly number[];
}

function run(
  requests: readonly Asked[],
  engine: Partial<EngineConfig>,
  semantics: SemanticsName = "dynamo-1.4",
  traceBlockSize = 512,
): SimulationOutcome {
  const offsets = new Float64Array(requests.length + 1);
  for (const [i, request] of requests.entries()) offsets[i + 1] = offsets[i]! + request.ids.length;
  const ids = Int32Array.from(requests.flatMap((request) => request.ids));
  return simulate(
    {
      name: "hand-written",
      count: requests.length,
      arrivalMs: Float64Array.from(requests, (request) => request.atMs),
      inputLength: Int32Array.from(requests, (request) => request.input),
      outputLength: Int32Array.from(requests, (request) => request.output),
      blocks: { blockSize: traceBlockSize, offsets, ids, distinct: ids.reduce((a, b) => Math.max(a, b), -1) + 1 },
      sessions: null,
      notes: [],
    },
    {
      semantics,
      topology: { mode: "agg", engine: engineConfig({ engineType: "sglang", ...engine }), numWorkers: 1 },
      arrivalSpeedupRatio: 1,
      replayConcurrency: null,
      maxSimTimeSeconds: null,
      routerMode: "round_robin",
      planner: null,
      engine: "auto",
      seed: 0,
    },
  );
}

function ttftMs(outcome: SimulationOutcome): number[] {
  const { ledger } = outcome;
  return Array.from(ledger.firstTokenNs, (atNs, i) => (atNs - ledger.arrivalNs[i]!) / 1e6);
}

const large = { numGpuBlocks: 1048576, blockSize: 1 };

describe("an SGLang-like engine under 1.4.2 rules", () => {
  it("prices a lone request by its length over the pool", () => {
    expect(ttftMs(run([{ atMs: 0, input: 1000, output: 3, ids: [0, 1] }], large))[0]).toBeCloseTo(37.8973, 3);
    const small = run([{ atMs: 0, input: 1000, output: 3, ids: [0, 1] }], {});
    expect(ttftMs(small)[0]).toBeCloseTo(41.0465, 3);
  });

  it("needs no prefill for a prompt it has wholly cached", () => {
    const outcome = run(
      [
        { atMs: 0, input: 1024, output: 2, ids: [0, 1] },
        { atMs: 1000, input: 1024, output: 2, ids: [0, 1] },
      ],
      large,
    );
    expect(ttftMs(outcome)[1]).toBeCloseTo(5.7927, 3);
    expect([...outcome.ledger.reusedTokens]).toEqual([0, 1024]);
  });

  it("reuses whole pages only", () => {
    const outcome = run(
      [
        { atMs: 0, input: 1000, output: 3, ids: [0, 1] },
        { atMs: 1000, input: 1000, output: 3, ids: [0, 1] },
      ],
      { numGpuBlocks: 65536, blockSize: 16 },
    );
    expect(outcome.ledger.reusedTokens[1]).toBe(992);
    expect(ttftMs(outcome)[1]).toBeCloseTo(22.4144, 3);
  });

  it("shares nothing within a pass", () => {
    const outcome = run(
      [
        { atMs: 0, input: 1024, output: 2, ids: [0, 1] },
        { atMs: 0, input: 1024, output: 2, ids: [0, 1] },
      ],
      large,
    );
    expect(ttftMs(outcome)[0]).toBeCloseTo(55.2083, 3);
    expect(ttftMs(outcome)[1]).toBeCloseTo(55.2083, 3);
    expect([...outcome.ledger.reusedTokens]).toEqual([0, 0]);
  });

  it("evicts the least recently used leaf from its tail", () => {
    const prompts = [0, 1, 0, 1].map((id, i) => ({ atMs: i * 1000, input: 16, output: 1, ids: [id] }));
    const outcome = run(prompts, { numGpuBlocks: 6, blockSize: 4 }, "dynamo-1.4", 16);
    expect([...outcome.ledger.reusedTokens]).toEqual([0, 0, 4, 4]);
    const times = ttftMs(outcome);
    expect(times[0]).toBeCloseTo(47.0511, 3);
    expect(times[3]).toBeCloseTo(46.9903, 3);
  });

  it("counts the earlier chunks of a long prompt as reuse", () => {
    const outcome = run([{ atMs: 0, input: 20000, output: 2, ids: Array.from({ length: 40 }, (_, i) => i) }], large);
    expect(outcome.ledger.reusedTokens[0]).toBe(16384);
    expect(outcome.ledger.firstReusedTokens[0]).toBe(0);
  });
});

describe("an SGLang-like engine under the newest rules", () => {
  it("gives the first token with the prefill, and computes at least one token", () => {
    const outcome = run(
      [
        { atMs: 0, input: 1000, output: 3, ids: [0, 1] },
        { atMs: 1000, input: 1000, output: 3, ids: [0, 1] },
      ],
      large,
      "current",
    );
    expect(ttftMs(outcome)[0]).toBeCloseTo(32.1059, 3);
    expect(outcome.ledger.reusedTokens[1]).toBe(999);
  });

  it("stalls running requests while it prefills", () => {
    const outcome = run(
      [
        { atMs: 0, input: 1000, output: 20, ids: [0, 1] },
        { atMs: 50, input: 1000, output: 1, ids: [2, 3] },
      ],
      large,
      "current",
    );
    const gaps = outcome.ledger.gaps.sorted().gapNs;
    expect(gaps[gaps.length - 1]! / 1e6).toBeCloseTo(32.1059 + 5.7927, 2);
  });

  it("caches nothing when it is told so", () => {
    const prompts = [0, 1000].map((atMs) => ({ atMs, input: 1024, output: 4, ids: [0, 1] }));
    const outcome = run(prompts, { ...large, enablePrefixCaching: false }, "current");
    expect([...outcome.ledger.reusedTokens]).toEqual([0, 0]);
    const ignored = run(prompts, { ...large, enablePrefixCaching: false }, "dynamo-1.4");
    expect(ignored.ledger.reusedTokens[1]).toBe(1024);
  });
});

describe.each(["dynamo-1.4", "current"] as const)("requests that cannot run (%s)", (semantics) => {
  it("are turned away, and the others go on", () => {
    const outcome = run(
      [
        { atMs: 0, input: 44, output: 3, ids: [0, 1, 2] },
        { atMs: 0, input: 20, output: 40, ids: [3, 4] },
        { atMs: 0, input: 4, output: 2, ids: [5] },
      ],
      { numGpuBlocks: 10, blockSize: 4 },
      semantics,
      16,
    );
    const { status, reason } = outcome.ledger;
    expect(status[0]).toBe(RequestStatus.rejected);
    expect(failureReasons[reason[0]!]).toBe("prompt_exceeds_kv_pool");
    expect(status[1]).toBe(RequestStatus.rejected);
    expect(status[2]).toBe(RequestStatus.completed);
  });
});
