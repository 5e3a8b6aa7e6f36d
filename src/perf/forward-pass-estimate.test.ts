import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../test/shared-data.ts";
import { forwardPassMs } from "./forward-pass-estimate.ts";
import { gpuOf } from "./gpu.ts";
import { loadModel } from "./load-model.ts";
import { tablePerfModel } from "./tables/table-perf-model.ts";

const load = { prefillRequests: 0, prefillTokens: 0, prefillPrefixTokens: 0, decodeRequests: 0, decodeKvTokens: 0 };

describe.skipIf(!hasShared)("forwardPassMs with the tables (needs ../shared)", () => {
  it("equals AIConfigurator's forward-pass estimator", async () => {
    const deployment = {
      gpu: gpuOf("h200_sxm")!,
      backend: "vllm" as const,
      model: await loadModel("meta-llama/Llama-3.1-8B"),
      tensorParallelSize: 1,
      attentionDataParallelSize: 1,
      expertTensorParallelSize: 1,
      expertParallelSize: 1,
      draftTokens: 0,
    };
    const { step } = await tablePerfModel(sharedPath("perf", "aic"), deployment, "0.24.0", "0.11");
    expect(forwardPassMs(step, load)).toBe(0);
    expect(forwardPassMs(step, { ...load, prefillRequests: 1, prefillTokens: 1000 })).toBeCloseTo(
      20.750786491615276,
      6,
    );
    const two = { ...load, prefillRequests: 2, prefillTokens: 1500, prefillPrefixTokens: 500 };
    expect(forwardPassMs(step, two)).toBeCloseTo(30.87789902957075, 6);
    const decode = { ...load, decodeRequests: 8, decodeKvTokens: 8000 };
    expect(forwardPassMs(step, decode)).toBeCloseTo(5.044712357289743, 6);
    expect(forwardPassMs(step, { ...decode, prefillRequests: 1, prefillTokens: 1000 })).toBeCloseTo(
      21.446690950135476,
      6,
    );
  });
});
