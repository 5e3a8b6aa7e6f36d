import type { PassTimeModel } from "../dynamo/pass-time-regression.ts";
import type { EngineBounds } from "./fleet-need.ts";

/** Requests a capacity is asked for: prompt tokens to compute, whole context, answer. */
export interface RequestShape {
  readonly computedTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Requests a second one engine sustains within its bounds, by the batch it runs (planner-reference §3, its capacity
 * search). Where no batch keeps them, the batch with the shortest latency counts: a bound out of reach asks for more
 * engines, not for fewer (§7.4). No engine does more than all its places turned over at the time of the shortest pass.
 * @returns null when the model cannot tell, or one request does not fit the cache
 */
export function engineCapacity(model: PassTimeModel, bounds: EngineBounds, shape: RequestShape): number | null {
  const prefillOnly = bounds.itlMs === null;
  const output = prefillOnly ? 1 : Math.max(1, shape.outputTokens);
  const context = shape.inputTokens + Math.floor(output / 2);
  const largest = Math.min(bounds.maxSequences, Math.floor(bounds.maxKvTokens / context), bounds.maxBatchedTokens - 1);
  let best: { readonly rate: number; readonly keeps: boolean; readonly latency: number } | null = null;
  for (const batch of batches(largest)) {
    const point = prefillOnly
      ? prefillPoint(batch, model, bounds, shape)
      : decodePoint(batch, model, bounds, { ...shape, outputTokens: output }, context);
    if (point === "too many") break;
    if (point === null) return null;
    const better = best === null || (point.keeps && (!best.keeps || point.rate > best.rate));
    const shorter = best !== null && !best.keeps && !point.keeps && point.latency < best.latency;
    if (better || shorter) best = point;
  }
  return best === null ? null : best.rate;
}

interface Point {
  readonly rate: number;
  readonly keeps: boolean;
  readonly latency: number;
}

/** So many prompts at a time, in as many passes as they take. */
function prefillPoint(
  batch: number,
  model: PassTimeModel,
  bounds: EngineBounds,
  shape: RequestShape,
): Point | "too many" | null {
  const tokens = batch * shape.computedTokens;
  if (batch > 1 && tokens > bounds.maxBatchedTokens) return "too many";
  const passes = Math.ceil(tokens / bounds.maxBatchedTokens);
  const ms = model.passMs({ prefillTokens: Math.ceil(tokens / passes), decodeRequests: 0, decodeKvTokens: 0 });
  if (ms === null) return null;
  const whole = ms * passes;
  return { rate: (batch * 1000) / whole, keeps: whole <= (bounds.ttftMs ?? Infinity), latency: whole };
}

/** So many decodes at a time, and beside them the prompts that replace those that finish. */
function decodePoint(
  batch: number,
  model: PassTimeModel,
  bounds: EngineBounds,
  shape: RequestShape,
  context: number,
): Point | "too many" | null {
  const accepted = Math.max(1, bounds.acceptLength);
  const aggregated = bounds.ttftMs !== null;
  const prefillTokens = aggregated ? Math.ceil((batch * accepted * shape.computedTokens) / shape.outputTokens) : 0;
  if (prefillTokens > bounds.maxBatchedTokens - batch) return "too many";
  const decode = { decodeRequests: batch, decodeKvTokens: batch * context };
  const passMs = model.passMs({ prefillTokens, ...decode });
  if (passMs === null) return null;
  const gapMs = passMs / accepted;
  let ttftMs = 0;
  if (aggregated) {
    const room = bounds.maxBatchedTokens - batch;
    const passes = Math.max(1, Math.ceil((prefillTokens + shape.computedTokens) / room));
    const each = model.passMs({ prefillTokens: Math.ceil((prefillTokens + shape.computedTokens) / passes), ...decode });
    if (each === null) return null;
    ttftMs = each * passes;
  }
  const keeps = gapMs <= (bounds.itlMs ?? Infinity) && ttftMs <= (bounds.ttftMs ?? Infinity);
  return { rate: (batch * 1000) / (shape.outputTokens * gapMs), keeps, latency: gapMs };
}

/** All batches up to 64, then steps of an eighth. */
function batches(largest: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size <= largest; size = size < 64 ? size + 1 : Math.ceil(size * 1.125)) sizes.push(size);
  return sizes;
}
