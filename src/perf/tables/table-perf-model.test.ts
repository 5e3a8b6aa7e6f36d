import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared-data.ts";
import { checkFile } from "../check/check-file.ts";
import { readTruthTable } from "../check/truth-table.ts";
import { gpuOf } from "../gpu.ts";
import { loadModel } from "../load-model.ts";
import type { GemmQuantization } from "../quantization.ts";
import { StepModel } from "../step-model.ts";
import { openTableFolder } from "./table-folder.ts";
import { TableError } from "./table-error.ts";
import { tablePerfModel } from "./table-perf-model.ts";
import { readTablePricer } from "./table-pricer.ts";
import { compareVersions } from "./version-order.ts";

async function llama8(draftTokens = 0) {
  return {
    gpu: gpuOf("h200_sxm")!,
    backend: "vllm" as const,
    model: await loadModel("nvidia/Llama-3.1-8B-Instruct-FP8"),
    tensorParallelSize: 1,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: 1,
    draftTokens,
  };
}

const folder = sharedPath("perf", "aic");

describe.skipIf(!hasShared)("the table model (needs ../shared)", () => {
  it("adds up the worked example of the reference to all printed digits", async () => {
    const model = await tablePerfModel(folder, await llama8(), "0.24.0", "0.11");
    expect(model.prefillMs(1, 4096, 0)).toBeCloseTo(58.945669, 6);
    expect(model.decodeMs(16, 4096)).toBeCloseTo(4.945219, 6);
    const prefill = new Map(model.step.prefillOperations(1, 4096, 0).map(({ name, ms }) => [name, ms]));
    expect(prefill.get("query, key and value projection")).toBeCloseTo(5.667299, 6);
    expect(prefill.get("output projection")).toBeCloseTo(3.727434, 6);
    expect(prefill.get("gate and up projection")).toBeCloseTo(21.318542, 6);
    expect(prefill.get("down projection")).toBeCloseTo(12.269545, 6);
    expect(prefill.get("attention")).toBeCloseTo(10.228108, 6);
    expect(prefill.get("logits")).toBeCloseTo(0.262027, 6);
  });

  it("prices what single requests of the reference took", async () => {
    const model = await tablePerfModel(folder, await llama8(), "0.24.0", "0.11");
    expect(model.prefillMs(1, 1000, 0)).toBeCloseTo(14.639044, 6);
    expect(model.decodeMs(1, 1000)).toBeCloseTo(3.567563, 6);
    expect(model.decodeMs(1, 1001)).toBeCloseTo(3.567594, 6);
    // The sum of two times, each rounded to nanoseconds.
    expect(model.prefillMs(2, 758, 0) + model.decodeMs(2, 758)).toBeCloseTo(25.554863, 5);
    const drafting = await tablePerfModel(folder, await llama8(2), "0.24.0", "0.11");
    expect(drafting.decodeMs(1, 1000)).toBeCloseTo(3.754013, 6);
  });

  it("equals AIConfigurator 0.11 on at least 99.5 % of the dense rows within 1e-6", async () => {
    const table = await readTruthTable(sharedPath("perf", "aic_truth_v011.csv.gz"));
    const version = table.columns.indexOf("version");
    const model = table.columns.indexOf("model");
    const rows = table.rows.filter((row) => row[version] === "0.24.0" && !row[model]!.includes("A3B"));
    let tables: Awaited<ReturnType<typeof openTableFolder>> | undefined;
    const checked = await checkFile({ ...table, rows }, async (deployment) => {
      tables ??= await openTableFolder(folder, deployment.gpu, deployment.backend, "0.24.0");
      return new StepModel(deployment, await readTablePricer(tables, deployment));
    });
    expect(checked.rows).toHaveLength(1888);
    const exact = checked.rows.filter(({ error }) => error < 1e-6).length;
    expect(exact / checked.rows.length).toBeGreaterThanOrEqual(0.995);
  }, 60_000);

  it("differs past the grid when asked for 0.12's rule", async () => {
    const newer = await tablePerfModel(folder, await llama8(), "0.24.0", "0.12");
    const older = await tablePerfModel(folder, await llama8(), "0.24.0", "0.11");
    expect(newer.decodeMs(16, 4096)).toBe(older.decodeMs(16, 4096));
    // AIConfigurator 0.11 says 64.43 ms, 0.12 says 52.02 ms.
    expect(older.decodeMs(256, 8192)).toBeCloseTo(64.43, 1);
    expect(Math.abs(newer.decodeMs(256, 8192) / 52.02 - 1)).toBeLessThan(0.05);
  });

  it("prices checkpoints whose attention has a form of its own", async () => {
    const deployment = await llama8();
    const mixed = (attentionProjections: GemmQuantization) => {
      const quantization = { ...deployment.model.quantization, attentionProjections };
      return tablePerfModel(folder, { ...deployment, model: { ...deployment.model, quantization } }, "0.24.0", "0.11");
    };
    const plain = await mixed("bfloat16");
    const blockwise = await mixed("fp8_block");
    expect(blockwise.prefillMs(1, 4096, 0)).toBeGreaterThan(50);
    expect(blockwise.prefillMs(1, 4096, 0)).not.toBe(plain.prefillMs(1, 4096, 0));
    await expect(mixed("int4_wo")).rejects.toThrow(/has no int4_wo matrix products/);
  });

  it("says what is missing", async () => {
    const deployment = await llama8();
    const reading = (change: object, version: string | null = null, at = folder) =>
      tablePerfModel(at, { ...deployment, ...change }, version, "0.11");
    await expect(reading({}, "0.25.0")).rejects.toThrow(/no tables of vllm 0\.25\.0.*0\.24\.0/);
    await expect(reading({ gpu: gpuOf("b200")! })).rejects.toThrow(/no tables of b200_sxm; there are h200_sxm/);
    await expect(reading({ backend: "trtllm" })).rejects.toThrow(/no tables of trtllm/);
    await expect(reading({}, null, sharedPath("traces"))).rejects.toThrow(TableError);
    const mixture = await loadModel("Qwen/Qwen3-30B-A3B");
    await expect(reading({ model: mixture })).rejects.toThrow(/leave perf_data out to use the roofline/);
  });
});

describe("compareVersions", () => {
  it("orders releases, candidates and post-releases", () => {
    const ordered = ["0.5.6", "0.5.6.post2", "0.5.10", "1.2.0rc5", "1.3.0rc10", "1.3.0rc20", "1.3.0"];
    expect([...ordered].toReversed().toSorted(compareVersions)).toEqual(ordered);
  });
});
