import { nanosecondsFromMs } from "../../engine/pass-duration.ts";
import type { PassLoad } from "./pass-kind.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";

/** No pass is estimated shorter. */
const SHORTEST_PASS_MS = 1e-6;

/** Estimated time of a pass in integer ns, as the reference's durations hold it (planner-findings §5.4); null = unknown. */
export function estimatePassNs(model: PassTimeModel, load: PassLoad): number | null {
  if (load.decodeKvTokens > 0 && load.decodeRequests === 0) return null;
  if (load.prefillTokens === 0 && load.decodeRequests === 0) return 0;
  const ms = model.passMs(load);
  return ms === null ? null : nanosecondsFromMs(Math.max(SHORTEST_PASS_MS, ms));
}

/**
 * Time to prefill `tokens` in passes of at most `maxBatchedTokens`, every pass with the same decode load beside it, in
 * integer ns; null = unknown.
 */
export function estimatePrefillNs(
  model: PassTimeModel,
  tokens: number,
  maxBatchedTokens: number,
  decode: Pick<PassLoad, "decodeRequests" | "decodeKvTokens">,
): number | null {
  const fullPasses = Math.floor(tokens / maxBatchedTokens);
  const rest = tokens - fullPasses * maxBatchedTokens;
  let ns = 0;
  if (fullPasses > 0) {
    const full = estimatePassNs(model, { prefillTokens: maxBatchedTokens, ...decode });
    if (full === null) return null;
    ns += fullPasses * full;
  }
  if (rest > 0) {
    const last = estimatePassNs(model, { prefillTokens: rest, ...decode });
    if (last === null) return null;
    ns += last;
  }
  return ns;
}

/** Integer ns to milliseconds by way of seconds, the reference's own route; the last bit depends on it. */
export function msFromNs(ns: number): number {
  return secondsFromNs(ns) * 1000;
}

/** Integer ns to seconds: whole seconds plus the fraction. */
export function secondsFromNs(ns: number): number {
  const whole = Math.floor(ns / 1e9);
  return whole + (ns - whole * 1e9) / 1e9;
}
