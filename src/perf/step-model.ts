import type { Deployment } from "./deployment.ts";
import { keyValueHeadsPerGpu } from "./deployment.ts";
import type { OperationPricer } from "./operation-pricer.ts";
import type { ExpertFeedForward, GroupedQueryAttention, LinearAttention } from "./model-shape.ts";

/** One kind of work in a pass and the time of all its repetitions together. */
export interface OperationTime {
  readonly name: string;
  readonly ms: number;
}

/** More than any pass has output rows; keys of remembered times are made with it. */
const LARGEST_ROWS = 2 ** 21;
/** What an entry of a map takes, in numbers of 8 bytes. */
const NUMBERS_PER_ENTRY = 6;

/**
 * Adds up a pass from its operations as AIConfigurator does (perf-model-reference §A): every operation once per layer,
 * no overlap, no host time. Prefill and decode passes are separate sums; what depends only on the number of tokens is
 * kept apart from attention, so that it can be remembered.
 */
export class StepModel {
  readonly deployment: Deployment;
  private readonly pricer: OperationPricer;
  private readonly prefillTokenMs = new Map<number, number>();
  private readonly decodeTokenMs = new Map<number, number>();
  /** A speculative step runs the draft layers too. */
  private readonly decodeScale: number;

  constructor(deployment: Deployment, pricer: OperationPricer) {
    this.deployment = deployment;
    this.pricer = pricer;
    this.decodeScale = (deployment.model.layers + deployment.draftTokens) / deployment.model.layers;
  }

  /** How much this model keeps in memory, in numbers of 8 bytes. */
  get rememberedTimes(): number {
    return NUMBERS_PER_ENTRY * (this.prefillTokenMs.size + this.decodeTokenMs.size);
  }

  /** Gives all of that up. */
  forget(): void {
    this.prefillTokenMs.clear();
    this.decodeTokenMs.clear();
  }

  /** Time of a prefill pass in ms: `requests` prompts, `newTokens` each after `prefixTokens`. */
  prefillMs(requests: number, newTokens: number, prefixTokens: number): number {
    return (
      this.prefillWithoutAttentionMs(requests * newTokens, requests) +
      this.prefillAttentionMs(requests, newTokens, prefixTokens)
    );
  }

  /** Time of a decode pass in ms: `requests` sequences that hold `contextTokens` before it. */
  decodeMs(requests: number, contextTokens: number): number {
    const sequences = requests * (this.deployment.draftTokens + 1);
    let fixed = this.decodeTokenMs.get(sequences);
    if (fixed === undefined) {
      fixed = sum(this.decodeTokenOperations(sequences)) * this.decodeScale;
      this.decodeTokenMs.set(sequences, fixed);
    }
    return fixed + this.decodeAttentionMs(sequences, contextTokens + 1) * this.decodeScale;
  }

  /** Everything of a prefill pass that depends on its `tokens` and output `rows` only. */
  prefillWithoutAttentionMs(tokens: number, rows: number): number {
    const key = tokens * LARGEST_ROWS + rows;
    let fixed = this.prefillTokenMs.get(key);
    if (fixed === undefined) {
      fixed = sum(this.prefillTokenOperations(tokens, rows));
      this.prefillTokenMs.set(key, fixed);
    }
    return fixed;
  }

  /** Attention of all layers of a prefill pass, ms. */
  prefillAttentionMs(requests: number, newTokens: number, prefixTokens: number): number {
    return this.attentionLayers() * this.pricer.prefillAttention(requests, newTokens, prefixTokens);
  }

  /** Attention of all layers of a decode pass, ms; `contextTokens` include the new token. */
  decodeAttentionMs(sequences: number, contextTokens: number): number {
    return this.attentionLayers() * this.pricer.decodeAttention(sequences, contextTokens);
  }

  /** Attention's part of `decodeMs`, ms; `contextTokens` as there. */
  decodeAttentionShareMs(requests: number, contextTokens: number): number {
    const sequences = requests * (this.deployment.draftTokens + 1);
    return this.decodeAttentionMs(sequences, contextTokens + 1) * this.decodeScale;
  }

  /** A prefill pass operation by operation. */
  prefillOperations(requests: number, newTokens: number, prefixTokens: number): OperationTime[] {
    return [
      { name: "attention", ms: this.prefillAttentionMs(requests, newTokens, prefixTokens) },
      ...this.prefillTokenOperations(requests * newTokens, requests),
    ];
  }

  /** A decode pass operation by operation. */
  decodeOperations(requests: number, contextTokens: number): OperationTime[] {
    const sequences = requests * (this.deployment.draftTokens + 1);
    return [
      { name: "attention", ms: this.decodeAttentionMs(sequences, contextTokens + 1) },
      ...this.decodeTokenOperations(sequences),
    ].map(({ name, ms }) => ({ name, ms: ms * this.decodeScale }));
  }

  private prefillTokenOperations(tokens: number, rows: number): OperationTime[] {
    const { model } = this.deployment;
    const operations = this.sharedOperations(tokens, "prefill");
    const { feedForward } = model;
    if (feedForward.kind === "experts") {
      operations.push(
        ...this.expertOperations(tokens, feedForward),
        ...this.sharedExpertOperations(tokens, feedForward),
      );
    }
    // AIConfigurator's prefill of mixture-of-experts models without latent attention ends before the logits.
    if (feedForward.kind === "dense" || !endsBeforeLogits(this.deployment)) operations.push(this.logits(rows));
    return operations;
  }

  private decodeTokenOperations(sequences: number): OperationTime[] {
    const operations = this.sharedOperations(sequences, "decode");
    const { feedForward } = this.deployment.model;
    if (feedForward.kind === "experts") {
      // Routed and shared experts run side by side on two streams.
      const routed = this.expertOperations(sequences, feedForward);
      const shared = this.sharedExpertOperations(sequences, feedForward);
      operations.push(...(sum(shared) > sum(routed) ? shared : routed));
    }
    operations.push(this.logits(sequences));
    return operations;
  }

  /** Embedding, norms, projections around the attention, dense feed-forward, all-reduces. */
  private sharedOperations(tokens: number, phase: Phase): OperationTime[] {
    const { model, tensorParallelSize: tp } = this.deployment;
    const { hiddenSize, layers, feedForward, attention } = model;
    const operations: OperationTime[] = [
      { name: "embedding", ms: this.pricer.memory(2 * tokens * hiddenSize) },
      { name: "norms", ms: 2 * layers * this.pricer.memory(8 * tokens * hiddenSize) },
    ];
    const reduce = tp > 1 ? this.pricer.allReduce(tokens * hiddenSize) : 0;
    if (attention.kind === "grouped-query") {
      operations.push(...this.projections(tokens, attention, phase));
    } else if (this.deployment.backend === "vllm" && tp > 1) {
      operations.push({ name: "all-reduce", ms: 2 * layers * reduce });
    }
    if (feedForward.kind === "dense") {
      const width = Math.ceil(feedForward.intermediateSize / tp);
      const { gemm } = model.quantization;
      operations.push(
        { name: "gate and up projection", ms: layers * this.pricer.gemm(tokens, 2 * width, hiddenSize, gemm, false) },
        { name: "activation", ms: layers * this.pricer.memory(6 * tokens * width) },
        { name: "down projection", ms: layers * this.pricer.gemm(tokens, hiddenSize, width, gemm, true) },
      );
      if (tp > 1) operations.push({ name: "all-reduce", ms: (2 * layers + 1) * reduce });
    } else if (tp > 1 && attention.kind === "grouped-query") {
      operations.push({ name: "all-reduce", ms: reduce });
    }
    return operations;
  }

  private projections(tokens: number, attention: GroupedQueryAttention, phase: Phase): OperationTime[] {
    const { model, tensorParallelSize: tp } = this.deployment;
    const { hiddenSize, quantization } = model;
    const layers = this.attentionLayers();
    const queries = (attention.heads / tp) * attention.headDimension;
    const keys = keyValueHeadsPerGpu(attention.keyValueHeads, tp) * attention.headDimension;
    const columns = queries * (attention.gatesOutput ? 2 : 1) + 2 * keys;
    const kind = quantization.attentionProjections;
    const operations: OperationTime[] = [
      {
        name: "query, key and value projection",
        ms: layers * this.pricer.gemm(tokens, columns, hiddenSize, kind, false),
      },
      {
        name: "output projection",
        ms: layers * this.pricer.gemm(tokens, hiddenSize, queries, quantization.outputProjection, true),
      },
    ];
    if (attention.linear !== null) operations.push(...this.linearAttentionOperations(tokens, attention.linear, phase));
    return operations;
  }

  /** Linear attention: its projections, and the convolution and recurrence between them. */
  private linearAttentionOperations(tokens: number, linear: LinearAttention, phase: Phase): OperationTime[] {
    const { model, tensorParallelSize: tp } = this.deployment;
    const keys = (linear.keyHeads * linear.headDimension) / tp;
    const values = (linear.valueHeads * linear.headDimension) / tp;
    const kind = model.quantization.linearProjections;
    const input = this.pricer.gemm(tokens, 2 * keys + 2 * values, model.hiddenSize, kind, false);
    const output = this.pricer.gemm(tokens, model.hiddenSize, values, kind, true);
    const state =
      phase === "prefill"
        ? this.pricer.linearPrefill(tokens, values)
        : this.pricer.linearDecode(tokens, values, linear.headDimension);
    return [{ name: "linear attention", ms: linear.layers * (input + state + output) }];
  }

  private expertOperations(tokens: number, feedForward: ExpertFeedForward): OperationTime[] {
    const { model, tensorParallelSize: tp, attentionDataParallelSize: dp } = this.deployment;
    const { layers, hiddenSize } = model;
    const elements = tokens * hiddenSize;
    let dispatch = 0;
    if (dp > 1) dispatch = this.pricer.gather(elements * dp) + this.pricer.scatter(elements * dp);
    else if (tp > 1) dispatch = 2 * this.pricer.allReduce(elements);
    return [
      { name: "router", ms: layers * this.pricer.gemm(tokens, feedForward.experts, hiddenSize, "bfloat16", false) },
      { name: "dispatch and combine", ms: layers * dispatch },
      { name: "experts", ms: layers * this.pricer.experts(tokens * dp) },
    ];
  }

  private sharedExpertOperations(tokens: number, feedForward: ExpertFeedForward): OperationTime[] {
    if (feedForward.sharedIntermediateSize === 0) return [];
    const { model, tensorParallelSize: tp } = this.deployment;
    const width = feedForward.sharedIntermediateSize / tp;
    const kind = model.quantization.sharedExperts;
    const one =
      this.pricer.gemm(tokens, 2 * width, model.hiddenSize, kind, false) +
      this.pricer.memory(6 * tokens * width) +
      this.pricer.gemm(tokens, model.hiddenSize, width, kind, true);
    return [{ name: "shared experts", ms: model.layers * one }];
  }

  private logits(rows: number): OperationTime {
    const { model, tensorParallelSize: tp } = this.deployment;
    const columns = Math.ceil(model.vocabularySize / tp);
    return { name: "logits", ms: this.pricer.gemm(rows, columns, model.hiddenSize, "bfloat16", false) };
  }

  /** Layers with softmax attention. */
  private attentionLayers(): number {
    const { attention, layers } = this.deployment.model;
    return layers - (attention.kind === "grouped-query" ? (attention.linear?.layers ?? 0) : 0);
  }
}

function endsBeforeLogits({ model }: Deployment): boolean {
  return model.attention.kind === "grouped-query" && model.attention.linear === null;
}

function sum(operations: readonly OperationTime[]): number {
  let total = 0;
  for (const { ms } of operations) total += ms;
  return total;
}

type Phase = "prefill" | "decode";
