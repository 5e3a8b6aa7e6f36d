import { describe, expect, it } from "vitest";
import { deploymentTable } from "../../../test/deployment-table.ts";
import { hasShared, sharedPath } from "../../../test/shared-data.ts";
import { summarize } from "../../perf/check/check-file.ts";
import { readTruthTable } from "../../perf/check/truth-table.ts";
import { checkDeployments, holdsDeployments } from "./check-deployments.ts";

describe("checkDeployments", () => {
  it("simulates at the noted concurrency and compares both times", async () => {
    const alone = await checkDeployments(deploymentTable({ silicon_data_source: "silicon_concurrency=1" }), 1);
    const crowded = await checkDeployments(deploymentTable({ silicon_data_source: "silicon_concurrency=64" }), 1);
    expect(alone.rows.map(({ phase, truth }) => [phase, truth])).toEqual([
      ["ttft dense", 20],
      ["tpot dense", 5],
    ]);
    expect(crowded.rows[1]!.answer).toBeGreaterThan(alone.rows[1]!.answer);
    expect(alone.rows[1]!.error).toBeCloseTo(Math.abs(alone.rows[1]!.answer / 5 - 1), 12);
  });

  it("adds what servers add unless told not to", async () => {
    const [bare, served] = await Promise.all(
      (["none", "measured"] as const).map((overheads) => checkDeployments(deploymentTable({}), 1, overheads)),
    );
    expect(served!.rows[0]!.answer - bare!.rows[0]!.answer).toBeGreaterThan(10);
    expect(served!.rows[1]!.answer).toBeGreaterThan(bare!.rows[1]!.answer);
  });

  it("leaves rows out for what they are and says why", async () => {
    const { rows, skipped } = await checkDeployments(
      deploymentTable(
        { mode: "disagg" },
        { tp_size: "16" },
        { pp_size: "2" },
        { silicon_tpot_ms: "" },
        { model_path: "nobody/unknown" },
      ),
      1,
    );
    expect(rows).toEqual([]);
    expect([...skipped]).toEqual([
      ["disaggregated", 1],
      ["more than 8 GPUs (several nodes)", 1],
      ["pipeline parallelism", 1],
      ["no measured time", 1],
      ["cannot be described or does not fit", 1],
    ]);
  });

  it.skipIf(!hasShared)(
    "stays within 12 % of published times per token (needs ../shared)",
    async () => {
      const table = await readTruthTable(sharedPath("measured", "silicon_sample.csv"));
      expect(holdsDeployments(table)).toBe(true);
      // Every 20th row; the whole file's figures are in docs/performance-models.md.
      const { rows } = await checkDeployments(table, 20);
      const of = (figure: string, ...kinds: string[]) =>
        summarize(rows.filter(({ phase }) => kinds.some((kind) => phase === `${figure} ${kind}`)));
      expect(of("tpot", "dense", "mixture").n).toBeGreaterThan(60);
      expect(of("tpot", "dense", "mixture").median).toBeLessThanOrEqual(0.12);
      expect(of("tpot", "dense").median).toBeLessThanOrEqual(0.12);
      expect(of("tpot", "mixture").median).toBeLessThanOrEqual(0.12);
      expect(of("ttft", "dense", "mixture").median).toBeLessThanOrEqual(0.3);
    },
    120_000,
  );
});
