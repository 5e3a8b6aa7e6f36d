import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import * as fc from "./seeded-properties.ts";
import { describe, expect, test } from "vitest";
import { RequestStatus } from "../src/metrics/request-ledger.ts";
import { simulate } from "../src/simulation/simulate.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { replayConfig } from "./replay-arguments.ts";
import { resultOf } from "./result-of.ts";
import { seededCase } from "./seeded-case.ts";
import { seededSglangCase } from "./seeded-sglang-case.ts";

const kinds = ["agg", "trt", "dis", "sgl", "sgl-dis"] as const;

async function run(kind: (typeof kinds)[number], seed: number, semantics: "dynamo-1.4" | "current") {
  const sglang = kind === "sgl" || kind === "sgl-dis";
  const { rows, args } = sglang ? seededSglangCase(kind === "sgl-dis", seed) : seededCase(kind, seed);
  const usable = rows.filter((row) => row.input_length > 0);
  const stdin = Readable.from([Buffer.from(usable.map((row) => `${JSON.stringify(row)}\n`).join(""))]);
  const traceBlockSize = Number(args[args.indexOf("--trace-block-size") + 1]);
  const trace = await openTrace("-", { stdin, traceBlockSize, arrivals: "optional" });
  const config = replayConfig(args, semantics);
  const outcome = simulate(trace, config);
  return { outcome, digest: resultOf(outcome, config).digest };
}

function fingerprint({ ledger, handoffs }: SimulationOutcome): string {
  const hash = createHash("sha256");
  for (const part of [ledger, handoffs ?? {}]) {
    for (const column of Object.values(part)) if (ArrayBuffer.isView(column)) hash.update(column as Uint8Array);
  }
  return hash.digest("hex");
}

describe("whatever the workload", () => {
  const seeds = fc.record({
    kind: fc.constantFrom(...kinds),
    seed: fc.integer({ min: 2000, max: 1_000_000 }),
    semantics: fc.constantFrom("dynamo-1.4" as const, "current" as const),
  });

  test("requests end, in an order of events that can be, and the same run gives the same bits", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async ({ kind, seed, semantics }) => {
        const { outcome, digest } = await run(kind, seed, semantics);
        const { ledger, trace } = outcome;
        for (let i = 0; i < trace.count; i++) {
          const status = ledger.status[i]!;
          if (outcome.endedEarly === null) expect(status).not.toBe(RequestStatus.pending);
          if (status !== RequestStatus.completed) continue;
          const times = [ledger.arrivalNs, ledger.admitNs, ledger.firstTokenNs, ledger.lastTokenNs, ledger.terminalNs]
            .map((column) => column[i]!)
            .filter((at) => !Number.isNaN(at));
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          expect(ledger.outputTokens[i]!).toBeLessThanOrEqual(trace.outputLength[i]!);
          expect(ledger.firstReusedTokens[i]!).toBeLessThanOrEqual(trace.inputLength[i]!);
        }
        const again = await run(kind, seed, semantics);
        expect(again.digest).toBe(digest);
        expect(fingerprint(again.outcome)).toBe(fingerprint(outcome));
      }),
      { numRuns: 90, seed: 7 },
    );
  });
});
