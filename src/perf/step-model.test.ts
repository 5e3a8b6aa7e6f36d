import { describe, expect, it } from "vitest";
import type { Deployment } from "./deployment.ts";
import { gpuOf } from "./gpu.ts";
import { catalogueModel } from "./model-name.ts";
import type { OperationPricer } from "./operation-pricer.ts";
import { rooflinePerfModel } from "./roofline/roofline-perf-model.ts";
import type { OperationTime } from "./step-model.ts";
import { StepModel } from "./step-model.ts";

function deployment(model: string, changes: Partial<Deployment> = {}): Deployment {
  return {
    gpu: gpuOf("h200_sxm")!,
    backend: "vllm",
    model: catalogueModel(model)!,
    tensorParallelSize: 1,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: 1,
    draftTokens: 0,
    ...changes,
  };
}

/** Every operation takes a millisecond, so that times are counts. */
const counting: OperationPricer = {
  memory: () => 1,
  gemm: () => 1,
  prefillAttention: () => 1,
  decodeAttention: () => 1,
  linearPrefill: () => 1,
  linearDecode: () => 1,
  allReduce: () => 1,
  gather: () => 1,
  scatter: () => 1,
  experts: () => 1,
};

const counts = (operations: readonly OperationTime[]) =>
  Object.fromEntries(operations.map(({ name, ms }) => [name, ms]));

// The list of operations of perf-model-reference §A.
describe("operations of a pass", () => {
  it("of a dense model: each once a layer, and two all-reduces a layer beside the embedding's", () => {
    const step = new StepModel(deployment("meta-llama/Llama-3.1-70B", { tensorParallelSize: 4 }), counting);
    const expected = {
      attention: 80,
      embedding: 1,
      norms: 2 * 80,
      "query, key and value projection": 80,
      "output projection": 80,
      "gate and up projection": 80,
      activation: 80,
      "down projection": 80,
      "all-reduce": 1 + 2 * 80,
      logits: 1,
    };
    expect(counts(step.prefillOperations(2, 100, 50))).toEqual(expected);
    expect(counts(step.decodeOperations(2, 100))).toEqual(expected);
  });

  it("of a mixture: two all-reduces around the experts, and no logits in prefill passes", () => {
    const expected = {
      attention: 48,
      embedding: 1,
      norms: 2 * 48,
      "query, key and value projection": 48,
      "output projection": 48,
      "all-reduce": 1,
      router: 48,
      "dispatch and combine": 2 * 48,
      experts: 48,
    };
    const split = { tensorParallelSize: 4, expertTensorParallelSize: 4 };
    const step = new StepModel(deployment("Qwen/Qwen3-30B-A3B", split), counting);
    expect(counts(step.prefillOperations(2, 100, 50))).toEqual(expected);
    expect(counts(step.decodeOperations(2, 100))).toEqual({ ...expected, logits: 1 });
  });

  it.each([2, 8])("of a mixture with %i attention ranks: all of their tokens gathered and scattered", (ranks) => {
    const split = { attentionDataParallelSize: ranks, expertParallelSize: ranks };
    const moved: number[] = [];
    const priced: number[] = [];
    const step = new StepModel(deployment("Qwen/Qwen3-30B-A3B", split), {
      ...counting,
      gather: (elements) => moved.push(elements),
      scatter: (elements) => moved.push(elements),
      experts: (tokens) => priced.push(tokens),
    });
    step.prefillMs(1, 100, 0);
    expect(moved).toEqual([100 * 2048 * ranks, 100 * 2048 * ranks]);
    expect(priced).toEqual([100 * ranks]);
  });

  it("of a model with shared experts: both in prefill passes, the slower of both streams in decode passes", () => {
    const split = { tensorParallelSize: 8, expertParallelSize: 8 };
    const taking = (experts: number) =>
      new StepModel(deployment("deepseek-ai/DeepSeek-R1", split), { ...counting, experts: () => experts });
    const rest = { attention: 61, embedding: 1, norms: 2 * 61, "all-reduce": 2 * 61, logits: 1 };
    const routed = { router: 61, "dispatch and combine": 2 * 61 };
    const shared = { "shared experts": 3 * 61 };
    expect(counts(taking(9).prefillOperations(1, 100, 0))).toEqual({ ...rest, ...routed, experts: 9 * 61, ...shared });
    expect(counts(taking(9).decodeOperations(1, 100))).toEqual({ ...rest, ...routed, experts: 9 * 61 });
    // Cheaper than the shared ones' three operations only where the router and all-reduces cost nothing.
    const cheap = new StepModel(deployment("deepseek-ai/DeepSeek-R1"), { ...counting, experts: () => 0.5 });
    expect(counts(cheap.decodeOperations(1, 100))).toEqual({ ...rest, "all-reduce": undefined, ...shared });
  });

  it("of a speculative pass: a sequence's draft tokens too, through the draft layers too", () => {
    const rows: number[] = [];
    const step = new StepModel(deployment("meta-llama/Llama-3.1-8B", { draftTokens: 2 }), {
      ...counting,
      decodeAttention: (requests) => (rows.push(requests), 32),
    });
    expect(step.decodeMs(4, 1000)).toBeCloseTo(((32 * 32 + 1 + 64 + 5 * 32 + 1) * 34) / 32, 9);
    expect(rows).toEqual([12]);
  });
});

describe("pass times an engine asks for", () => {
  const model = rooflinePerfModel(deployment("meta-llama/Llama-3.1-8B"));

  it("remember no batch or context so large that memory would fill", () => {
    model.forget();
    const small = model.decodeMs(1, 5);
    const remembered = model.rememberedTimes;
    for (let i = 0; i < 20; i++) expect(model.decodeMs(1, 2 ** 32 + 5 + i * 2 ** 30)).toBeGreaterThan(1e4 * small);
    for (let requests = 2 ** 14; requests < 2 ** 14 + 20; requests++) model.decodeMs(requests, 5);
    expect(model.decodeMs(1, 5)).toBe(small);
    // What a batch takes beside its attention is kept: a number a batch.
    expect(model.rememberedTimes - remembered).toBeLessThan(200);
  });

  it("are 1 ms at least for decode passes, as the mocker's (aic-run-findings §2.3)", () => {
    const { model: llama, ...rest } = deployment("meta-llama/Llama-3.1-8B", { gpu: gpuOf("b200")! });
    const tiny = rooflinePerfModel({ ...rest, model: { ...llama, layers: 1, vocabularySize: 1000 } });
    expect(tiny.step.decodeMs(1, 10)).toBeLessThan(0.5);
    expect(tiny.decodeMs(1, 10)).toBe(1);
    expect(tiny.prefillMs(1, 10, 0)).toBeLessThan(0.5);
  });
});
