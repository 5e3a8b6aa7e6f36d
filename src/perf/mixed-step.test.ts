import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../test/shared-data.ts";
import { checkFile } from "./check/check-file.ts";
import { readTruthTable } from "./check/truth-table.ts";
import { gpuOf } from "./gpu.ts";
import { mixedStepMs } from "./mixed-step.ts";
import { catalogueModel } from "./model-name.ts";
import { RooflinePricer } from "./roofline/roofline-pricer.ts";
import { StepModel } from "./step-model.ts";
import { openTableFolder } from "./tables/table-folder.ts";
import { readTablePricer } from "./tables/table-pricer.ts";

describe.skipIf(!hasShared)("mixed passes with AIConfigurator's tables (needs ../shared)", () => {
  it("take exactly what they take there", async () => {
    const table = await readTruthTable(sharedPath("perf", "aic_mixed.csv.gz"));
    const cell = (row: readonly string[], column: string) => row[table.columns.indexOf(column)]!;
    const wanted = { model: "Llama-3.1-8B-FP8", system: "h200_sxm", backend: "vllm", tp: "1" };
    // Decode attention was measured up to 262,144 tokens a pass, and is a mean over 90 to 110 % of the context.
    const isMeasured = (row: readonly string[]) =>
      Number(cell(row, "gen_tokens")) * (Number(cell(row, "isl")) + 257) * 1.1 < 262_144;
    const rows = table.rows.filter(
      (row) => Object.entries(wanted).every(([column, value]) => cell(row, column) === value) && isMeasured(row),
    );
    const checked = await checkFile({ ...table, rows }, async (deployment) => {
      const tables = await openTableFolder(sharedPath("perf", "aic"), deployment.gpu, deployment.backend, "0.24.0");
      return new StepModel(deployment, await readTablePricer(tables, deployment));
    });
    expect(checked.rows).toHaveLength(21);
    expect(checked.rows.filter(({ error }) => error > 1e-9)).toEqual([]);
  });
});

describe("a mixed pass", () => {
  const deployment = {
    gpu: gpuOf("h200")!,
    backend: "vllm" as const,
    model: catalogueModel("meta-llama/Llama-3.1-8B")!,
    tensorParallelSize: 1,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: 1,
    draftTokens: 0,
  };
  const step = new StepModel(deployment, new RooflinePricer(deployment));

  // AIConfigurator's run_mixed (perf-model-reference §A) takes the cached prefix off once a whole prompt in the pass.
  it("computes no cached tokens of the prompts it holds whole", () => {
    const mixed = { contextTokens: 4096, decodeRequests: 8, inputLength: 2048, outputLength: 1, prefix: 512 };
    expect(mixedStepMs(step, mixed)).toBeCloseTo(
      step.prefillWithoutAttentionMs(4096 + 8 - 2 * 512, 1) +
        step.prefillAttentionMs(2, 1536, 512) +
        step.decodeAttentionMs(8, 2049),
      9,
    );
  });

  it("holds prompt tokens or emitting sequences only, too", () => {
    const shape = { inputLength: 2048, outputLength: 101, prefix: 0 };
    expect(mixedStepMs(step, { ...shape, contextTokens: 0, decodeRequests: 8 })).toBeCloseTo(
      step.prefillWithoutAttentionMs(8, 1) + step.decodeAttentionMs(8, 2048 + 50 + 1),
      9,
    );
    expect(mixedStepMs(step, { ...shape, contextTokens: 512, decodeRequests: 0 })).toBeCloseTo(
      step.prefillWithoutAttentionMs(512, 1) + step.prefillAttentionMs(1, 2048, 0) / 4,
      9,
    );
  });
});
