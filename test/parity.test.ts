import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, rowsOf, summaryDifferences, type GoldenRow } from "./golden-case.ts";
import { replayConfig } from "./replay-arguments.ts";
import { resultOf } from "./result-of.ts";
import { seededCase, type SeededCase } from "./seeded-case.ts";
import { seededSglangCase } from "./seeded-sglang-case.ts";

/**
 * What ai-dynamo 1.4.2 made of the seeded workloads of `seeded-case.ts` and
 * `seeded-sglang-case.ts` (`python -m dynamo.replay … --report-json
 * --report-jsonl`): figures of its report, and a few of its rows with their place in the order of `rowsOf`.
 */
interface Figures {
  readonly kind: "agg" | "trt" | "dis" | "sgl" | "sgl-dis";
  readonly seed: number;
  readonly rows: number;
  readonly summary: Readonly<Record<string, number>>;
  /** Place, arrival, admission, first and last token (ms), input, output, reused tokens, prefill and decode worker, status. */
  readonly sample: readonly (readonly (number | string | null)[])[];
}

const measured = JSON.parse(readFileSync(join(import.meta.dirname, "parity-figures.json"), "utf8")) as Figures[];

function caseOf(kind: Figures["kind"], seed: number): SeededCase {
  return kind === "sgl" || kind === "sgl-dis" ? seededSglangCase(kind === "sgl-dis", seed) : seededCase(kind, seed);
}

function sampledRow(cells: readonly (number | string | null)[]): GoldenRow {
  const number = (place: number) => (cells[place] === null ? NaN : Number(cells[place]));
  const worker = (place: number) => (cells[place] === null ? -1 : Number(cells[place]));
  return {
    arrivalMs: number(1),
    admitMs: number(2),
    firstTokenMs: number(3),
    lastTokenMs: number(4),
    inputLength: number(5),
    outputLength: number(6),
    reusedTokens: Number(cells[7] ?? 0),
    prefillWorker: worker(8),
    worker: worker(9),
    status: String(cells[10]),
  };
}

describe("seeded workloads equal what the reference made of them", () => {
  for (const engine of ["auto", "pass-by-pass"] as const) {
    test.each(measured)(`$kind $seed (${engine})`, async ({ kind, seed, rows, summary, sample }) => {
      const seeded = caseOf(kind, seed);
      const config = replayConfig(seeded.args, "dynamo-1.4", engine);
      const stdin = Readable.from([Buffer.from(seeded.rows.map((row) => `${JSON.stringify(row)}\n`).join(""))]);
      const traceBlockSize = Number(seeded.args[seeded.args.indexOf("--trace-block-size") + 1]);
      const outcome = simulate(await openTrace("-", { stdin, traceBlockSize, arrivals: "optional" }), config);
      const ours = rowsOf(outcome);
      expect(ours).toHaveLength(rows);
      const places = sample.map(([place]) => Number(place));
      expect(
        differences(
          sample.map(sampledRow),
          places.map((place) => ours[place]!),
        ),
      ).toEqual([]);
      expect(summaryDifferences(summary, resultOf(outcome, config))).toEqual([]);
    });
  }

  test("cover preemption, reuse, sessions, speculation and both routes", () => {
    const arguments_ = measured.map(({ kind, seed }) => JSON.stringify(caseOf(kind, seed)));
    for (const word of [
      "fifo",
      "aic_nextn",
      "session_id",
      "dp_size",
      "--replay-concurrency",
      "kv_transfer_bandwidth",
      "lpm",
      "destination_missing",
    ]) {
      expect(
        arguments_.some((text) => text.includes(word)),
        word,
      ).toBe(true);
    }
    expect(measured.some(({ summary }) => summary["max_itl_ms"]! > 10 * summary["mean_itl_ms"]!)).toBe(true);
  });
});
