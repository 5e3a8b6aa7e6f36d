import type { CalibrationFactors } from "./calibrated-perf-model.ts";
import { simplexMinimum } from "./simplex-search.ts";

/** A request of a run, measured or simulated; ms. */
export interface RequestTimes {
  readonly ttftMs: number;
  /** Mean time per output token after the first; NaN for a single token. */
  readonly tpotMs: number;
  readonly latencyMs: number;
}

/** Relative errors of the means. */
export interface RunErrors {
  readonly ttft: number;
  readonly tpot: number;
  readonly latency: number;
}

const EVALUATIONS = 160;

/**
 * Factors under which a simulated run comes nearest to a measured one. Prefill and decode scales and a fixed cost of a
 * decode pass are searched for; the means of the chosen requests count most, single requests a little.
 * @param run simulates the whole run under some factors: a request each, in order
 * @param chosen which requests to fit to
 */
export function fitRun(
  run: (factors: CalibrationFactors) => readonly RequestTimes[],
  measured: readonly RequestTimes[],
  chosen: readonly boolean[],
): CalibrationFactors {
  const loss = (point: readonly number[]) => {
    const simulated = run(factorsAt(point));
    const { ttft, tpot, latency } = runErrors(simulated, measured, chosen);
    let single = 0;
    let count = 0;
    for (const [i, one] of measured.entries()) {
      if (!chosen[i] || Number.isNaN(one.tpotMs) || Number.isNaN(simulated[i]!.tpotMs)) continue;
      single += Math.log(simulated[i]!.tpotMs / one.tpotMs) ** 2;
      count++;
    }
    const means = Math.log1p(ttft) ** 2 + Math.log1p(tpot) ** 2 + Math.log1p(latency) ** 2;
    // A little pull to the uncalibrated model where the run tells nothing.
    return means + (0.1 * single) / Math.max(1, count) + 1e-4 * (point[0]! ** 2 + point[1]! ** 2 + point[2]! ** 2);
  };
  const { point } = simplexMinimum(loss, [0, 0, 0], [0.1, 0.1, 0.5], EVALUATIONS);
  return factorsAt(point);
}

/** Relative errors of the means over the chosen requests. */
export function runErrors(
  simulated: readonly RequestTimes[],
  measured: readonly RequestTimes[],
  chosen: readonly boolean[],
): RunErrors {
  const error = (field: keyof RequestTimes) => {
    let ours = 0;
    let theirs = 0;
    for (const [i, one] of measured.entries()) {
      if (!chosen[i] || Number.isNaN(one[field]) || Number.isNaN(simulated[i]![field])) continue;
      ours += simulated[i]![field];
      theirs += one[field];
    }
    return ours / theirs - 1;
  };
  return { ttft: error("ttftMs"), tpot: error("tpotMs"), latency: error("latencyMs") };
}

/** Search coordinates: logarithms of the two scales, and the fixed decode cost in ms (its size only). */
function factorsAt([prefill, decode, base]: readonly number[]): CalibrationFactors {
  const decodeScale = Math.exp(decode!);
  return {
    prefillBaseMs: 0,
    prefillScale: Math.exp(prefill!),
    decodeBaseMs: Math.abs(base!),
    decodePerRequestMs: 0,
    decodeScale,
    decodeAttentionScale: decodeScale,
  };
}
