import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared-data.ts";
import { RooflinePricer } from "../roofline/roofline-pricer.ts";
import { StepModel } from "../step-model.ts";
import type { ComparedRow } from "./check-file.ts";
import { checkFile, summarize } from "./check-file.ts";
import { readTruthTable } from "./truth-table.ts";

const dense = new Set(["Llama-3.1-8B-BF16", "Llama-3.1-8B-FP8", "Llama-3.1-70B-FP8", "Qwen3-32B-FP8"]);
const isDense = ({ model }: ComparedRow) => dense.has(model);

async function checked(file: string): Promise<readonly ComparedRow[]> {
  const table = await readTruthTable(sharedPath("perf", file));
  const { rows, skipped } = await checkFile(
    table,
    async (deployment) => new StepModel(deployment, new RooflinePricer(deployment)),
  );
  expect([...skipped]).toEqual([]);
  expect(rows).toHaveLength(table.rows.length);
  return rows;
}

describe.skipIf(!hasShared)("roofline against AIConfigurator (needs ../shared)", () => {
  it("prices dense passes within the promised errors, mixtures and latent attention within 10 %", async () => {
    const rows = await checked("aic_truth.csv.gz");
    const of = (phase: string, wanted: boolean) =>
      summarize(rows.filter((row) => row.phase === phase && isDense(row) === wanted));
    expect(of("decode", true).median).toBeLessThanOrEqual(0.032);
    expect(of("decode", true).p90).toBeLessThanOrEqual(0.11);
    expect(of("prefill", true).median).toBeLessThanOrEqual(0.031);
    expect(of("prefill", true).p90).toBeLessThanOrEqual(0.095);
    expect(of("decode", false).median).toBeLessThanOrEqual(0.1);
    expect(of("prefill", false).median).toBeLessThanOrEqual(0.1);
  });

  it("prices mixed passes within 5 % at the median", async () => {
    const rows = await checked("aic_mixed.csv.gz");
    expect(summarize(rows).median).toBeLessThanOrEqual(0.05);
  });

  it("holds on GPUs with PCIe and Grace", async () => {
    const rows = await checked("aic_truth_other_gpus.csv.gz");
    expect(summarize(rows).median).toBeLessThanOrEqual(0.05);
  });

  it("estimates key-value capacity within 1 % on dense models and 3 % on the others", async () => {
    const rows = await checked("aic_kv.csv");
    const worst = (wanted: boolean) =>
      Math.max(...rows.filter((row) => isDense(row) === wanted).map(({ error }) => error));
    expect(worst(true)).toBeLessThanOrEqual(0.01);
    expect(worst(false)).toBeLessThanOrEqual(0.03);
  });
});
