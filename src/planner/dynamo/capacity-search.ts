import { nanosecondsFromSeconds } from "../../engine/pass-duration.ts";
import { estimatePassNs, estimatePrefillNs, msFromNs, secondsFromNs } from "./pass-clock.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";

/** The work an engine does: prompts only, decoding only, or both. */
export type EngineRole = "prefill" | "decode" | "aggregated";

/** What one engine holds at once: tokens of a pass, sequences, tokens in its key-value cache. */
export interface EngineLimits {
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly maxKvTokens: number;
}

/** The request shape and SLA a capacity is asked for. */
export interface CapacityQuestion {
  /** Mean prompt and output tokens; rounded up here. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly ttftSlaMs: number;
  readonly itlSlaMs: number;
  /** Part of prompts found in the prefix cache, or null. */
  readonly kvHitRate: number | null;
  /** Tokens a decode forward yields, ≥ 1. */
  readonly acceptLength: number;
}

/** Requests one engine sustains a second, and the latencies at that point. */
export interface EngineCapacity {
  readonly requestsPerSecond: number;
  readonly batchSize: number;
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  readonly endToEndMs: number | null;
  /** Whether the point keeps the SLA; the best one is answered even if none does. */
  readonly meetsSla: boolean;
}

/** Every batch size is tried up to here; beyond, as many spread evenly. */
const MAX_CANDIDATES = 128;

/** Hit rates above this are not believed. */
const HIGHEST_HIT_RATE = 0.95;

/** A hit rate as the planner uses it: unknown counts as none. */
export function clampHitRate(rate: number | null): number {
  return rate === null || Number.isNaN(rate) ? 0 : Math.min(Math.max(rate, 0), HIGHEST_HIT_RATE);
}

/**
 * Batch size with the greatest request rate a single engine sustains, points that keep the SLA before those that do
 * not (planner-reference §3, planner-findings §6.1).
 * @returns null when no batch fits the engine, or the model cannot estimate a batch size visited
 */
export function findEngineCapacity(
  role: EngineRole,
  model: PassTimeModel,
  limits: EngineLimits,
  question: CapacityQuestion,
): EngineCapacity | null {
  if (!(question.inputTokens > 0) || (role !== "prefill" && !(question.outputTokens > 0))) return null;
  const inputTokens = Math.ceil(question.inputTokens);
  const shape: RequestShape = {
    computedTokens: Math.max(1, Math.ceil(inputTokens * (1 - clampHitRate(question.kvHitRate)))),
    outputTokens: Math.max(1, Math.ceil(question.outputTokens)),
    contextTokens: inputTokens + Math.floor(Math.max(1, Math.ceil(question.outputTokens)) / 2),
    acceptLength: Math.max(1, question.acceptLength),
    ttftSlaNs: nanosecondsFromSeconds(question.ttftSlaMs / 1000),
    itlSlaNs: nanosecondsFromSeconds(Math.max(0, question.itlSlaMs) / 1000),
  };
  let best: EngineCapacity | null = null;
  for (const batchSize of batchSizeCandidates(largestBatch(role, limits, shape))) {
    const point = evaluate[role](batchSize, model, limits, shape);
    if (point === "skip") continue;
    if (point === null) return null;
    // An estimate that rounds to no time at all says nothing about a rate.
    if (!Number.isFinite(point.requestsPerSecond)) continue;
    const better =
      best === null ||
      (point.meetsSla && !best.meetsSla) ||
      (point.meetsSla === best.meetsSla && point.requestsPerSecond > best.requestsPerSecond);
    if (better) best = point;
  }
  return best;
}

interface RequestShape {
  /** Prompt tokens left to compute after prefix-cache hits. */
  readonly computedTokens: number;
  readonly outputTokens: number;
  /** Mean context of a decoding request; cached prompts occupy the cache too. */
  readonly contextTokens: number;
  readonly acceptLength: number;
  readonly ttftSlaNs: number;
  readonly itlSlaNs: number;
}

/** All of 1…largest, or 128 of them spread evenly, ends included. */
export function batchSizeCandidates(largest: number): number[] {
  if (largest <= MAX_CANDIDATES) return Array.from({ length: Math.max(0, largest) }, (_, i) => i + 1);
  return Array.from({ length: MAX_CANDIDATES }, (_, i) => 1 + Math.floor((i * (largest - 1)) / (MAX_CANDIDATES - 1)));
}

function largestBatch(role: EngineRole, limits: EngineLimits, shape: RequestShape): number {
  const fitting = Math.floor(limits.maxKvTokens / shape.contextTokens);
  switch (role) {
    case "prefill":
      return shape.computedTokens > limits.maxBatchedTokens
        ? 1
        : Math.min(limits.maxSequences, Math.floor(limits.maxBatchedTokens / shape.computedTokens));
    case "decode":
      return Math.min(limits.maxSequences, fitting);
    case "aggregated":
      return Math.min(limits.maxSequences, fitting, limits.maxBatchedTokens - 1);
  }
}

type Evaluation = (
  batchSize: number,
  model: PassTimeModel,
  limits: EngineLimits,
  shape: RequestShape,
) => EngineCapacity | "skip" | null;

const evaluate: Readonly<Record<EngineRole, Evaluation>> = {
  prefill(batchSize, model, limits, shape) {
    const tokens = batchSize * shape.computedTokens;
    const ns = estimatePrefillNs(model, tokens, limits.maxBatchedTokens, { decodeRequests: 0, decodeKvTokens: 0 });
    if (ns === null) return null;
    return {
      requestsPerSecond: batchSize / secondsFromNs(ns),
      batchSize,
      ttftMs: msFromNs(ns),
      itlMs: null,
      endToEndMs: msFromNs(ns),
      meetsSla: ns <= shape.ttftSlaNs,
    };
  },

  decode(batchSize, model, _limits, shape) {
    const passNs = estimatePassNs(model, {
      prefillTokens: 0,
      decodeRequests: batchSize,
      decodeKvTokens: batchSize * shape.contextTokens,
    });
    if (passNs === null) return null;
    const itlNs = tokenIntervalNs(passNs, shape.acceptLength);
    return {
      requestsPerSecond: batchSize / (shape.outputTokens * secondsFromNs(itlNs)),
      batchSize,
      ttftMs: null,
      itlMs: msFromNs(itlNs),
      endToEndMs: null,
      meetsSla: itlNs <= shape.itlSlaNs,
    };
  },

  aggregated(batchSize, model, limits, shape) {
    // Prompt tokens a pass must carry for arrivals to replace completions.
    const prefillTokens = Math.ceil((batchSize * shape.acceptLength * shape.computedTokens) / shape.outputTokens);
    if (prefillTokens > limits.maxBatchedTokens - batchSize) return "skip";
    const decode = { decodeRequests: batchSize, decodeKvTokens: batchSize * shape.contextTokens };
    const passNs = estimatePassNs(model, { prefillTokens, ...decode });
    const ttftNs = estimatePrefillNs(model, prefillTokens + shape.computedTokens, limits.maxBatchedTokens, decode);
    if (passNs === null || ttftNs === null) return null;
    const itlNs = tokenIntervalNs(passNs, shape.acceptLength);
    return {
      requestsPerSecond: batchSize / (shape.outputTokens * secondsFromNs(itlNs)),
      batchSize,
      ttftMs: msFromNs(ttftNs),
      itlMs: msFromNs(itlNs),
      endToEndMs: msFromNs(ttftNs + (shape.outputTokens - 1) * itlNs),
      meetsSla: ttftNs <= shape.ttftSlaNs && itlNs <= shape.itlSlaNs,
    };
  },
};

/** Accept length shortens the interval between visible tokens, once. */
function tokenIntervalNs(passNs: number, acceptLength: number): number {
  return acceptLength === 1 ? passNs : nanosecondsFromSeconds(secondsFromNs(passNs) / acceptLength);
}
