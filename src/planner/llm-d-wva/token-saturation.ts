import type { ReplicaLoad } from "./saturation.ts";

/** Thresholds of the analysis by tokens, names as in its ConfigMap. */
export interface TokenThresholds {
  readonly kvCacheThreshold: number;
  readonly queueLengthThreshold: number;
  /** Replicas are added until demand is at most this share of what there will be. */
  readonly scaleUpThreshold: number;
  /** Replicas are taken as long as demand stays at most this share of what is left. */
  readonly scaleDownBoundary: number;
}

/** What the deployment's arguments say of an engine. */
export interface TokenEngine {
  readonly kvCapacityTokens: number;
  /** Most tokens a pass computes; null = unknown. */
  readonly maxBatchedTokens: number | null;
  /** Most running requests; null = unknown. */
  readonly maxSequences: number | null;
  /** Its requests' answers are generated elsewhere. */
  readonly isPrefill: boolean;
}

/** Mean tokens of recent requests; 0 = none completed. */
export interface RequestShape {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the analysis found, in tokens. */
export interface TokenAnalysis {
  /** Median over the replicas of what one can hold and keep busy with. */
  readonly perReplica: number;
  readonly demand: number;
  /** Missing with all that are starting; 0 = nothing. */
  readonly required: number;
  /** To spare without those that are starting; 0 = nothing. */
  readonly spare: number;
}

/** Observations of saturated replicas kept for each kind of answer. */
const keptObservations = 10;

/**
 * The saturation analysis by tokens of llm-d's Workload Variant Autoscaler, for one variant
 * (internal/engines/analyzers/saturation_v2/analyzer.go, `applyUniversalThreshold`): a replica demands the tokens in its cache and those
 * its waiting requests will need. It can take a share of its cache, or less where computing is what limits it: as much as was
 * in use when requests waited, now or on average before with answers of such length, or what its batch limits make likely.
 */
export class TokenSaturation {
  private readonly thresholds: TokenThresholds;
  private readonly engine: TokenEngine;
  /** By length of the answers: tokens in use on saturated replicas. */
  private readonly observed = new Map<string, number[]>();

  constructor(thresholds: TokenThresholds, engine: TokenEngine) {
    this.thresholds = thresholds;
    this.engine = engine;
  }

  /** @param replicas those that report, at least one */
  analyse(replicas: readonly ReplicaLoad[], startingReplicas: number, shape: RequestShape): TokenAnalysis {
    const { scaleUpThreshold, scaleDownBoundary } = this.thresholds;
    const tokensPerWaiting = shape.inputTokens + (this.engine.isPrefill ? 0 : shape.outputTokens);
    let demand = 0;
    const capacities: number[] = [];
    for (const { kvUsage, queueLength } of replicas) {
      const tokensInUse = Math.trunc(kvUsage * this.engine.kvCapacityTokens);
      demand += tokensInUse + Math.trunc(queueLength * tokensPerWaiting);
      capacities.push(this.capacity(tokensInUse, queueLength, shape));
    }
    const perReplica = median(capacities);
    return {
      perReplica,
      demand,
      required: Math.max(0, demand / scaleUpThreshold - (replicas.length + startingReplicas) * perReplica),
      spare: Math.max(0, replicas.length * perReplica - demand / scaleDownBoundary),
    };
  }

  private capacity(tokensInUse: number, queueLength: number, shape: RequestShape): number {
    const byMemory = Math.trunc(this.engine.kvCapacityTokens * this.thresholds.kvCacheThreshold);
    return Math.min(byMemory, this.byComputing(tokensInUse, queueLength, shape) ?? byMemory);
  }

  /** null = nothing is known of it. */
  private byComputing(tokensInUse: number, queueLength: number, shape: RequestShape): number | null {
    const key = answerLength(shape.outputTokens);
    const before = this.observed.get(key) ?? [];
    if (queueLength >= Math.trunc(this.thresholds.queueLengthThreshold) && tokensInUse > 0) {
      this.observed.set(key, [...before, tokensInUse].slice(-keptObservations));
      return tokensInUse;
    }
    const usual = before.reduce((sum, one) => sum + one, 0) / before.length;
    return before.length > 0 ? Math.trunc(usual) : this.byBatchLimits(shape);
  }

  /** Requests in a steady state where every pass is full, and their tokens at half of their answers. */
  private byBatchLimits({ inputTokens, outputTokens }: RequestShape): number | null {
    const { maxBatchedTokens, maxSequences } = this.engine;
    if (maxBatchedTokens === null || outputTokens <= 0) return null;
    const steady = Math.min((maxBatchedTokens * outputTokens) / (inputTokens + outputTokens), maxSequences ?? Infinity);
    const tokens = Math.trunc(steady * (inputTokens + outputTokens / 2));
    return tokens > 0 ? tokens : null;
  }
}

function answerLength(outputTokens: number): string {
  return outputTokens < 100 ? "short" : outputTokens < 500 ? "medium" : "long";
}

/** Of two in the middle the mean, in whole tokens. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.trunc((sorted[middle - 1]! + sorted[middle]!) / 2);
}
