import type { StepPerfModel } from "../step-perf-model.ts";
import type { CalibrationFactors } from "./calibrated-perf-model.ts";
import { nonNegativeFit } from "./non-negative-fit.ts";

/** A measured pass. */
export interface MeasuredPass {
  readonly phase: "prefill" | "decode";
  readonly requests: number;
  /** Prefill: new prompt tokens of each; decode: the context of each. */
  readonly tokens: number;
  readonly prefix: number;
  readonly ms: number;
}

/** Share of a fit's weight that holds factors without evidence at their neutral value. */
const PULL = 0.003;

/** Factors nearest to measured passes: least relative squares, none negative. */
export function fitPasses(base: StepPerfModel, passes: readonly MeasuredPass[]): CalibrationFactors {
  const prefill = passes.filter(({ phase }) => phase === "prefill");
  const decode = passes.filter(({ phase }) => phase === "decode");
  const prefillRows = prefill.map(({ requests, tokens, prefix, ms }) => [
    1 / ms,
    base.prefillMs(requests, tokens, prefix) / ms,
  ]);
  const decodeRows = decode.map(({ requests, tokens, ms }) => {
    const attention = base.step.decodeAttentionShareMs(requests, tokens);
    return [1 / ms, requests / ms, (base.decodeMs(requests, tokens) - attention) / ms, attention / ms];
  });
  const ones = (rows: readonly unknown[]) => rows.map(() => 1);
  const [prefillBaseMs, prefillScale] = nonNegativeFit(
    prefillRows,
    ones(prefillRows),
    [0, 1],
    [0, PULL * prefill.length],
  ) as [number, number];
  const pulls = [0, 0, PULL * decode.length, PULL * decode.length];
  const [decodeBaseMs, decodePerRequestMs, decodeScale, decodeAttentionScale] = nonNegativeFit(
    decodeRows,
    ones(decodeRows),
    [0, 0, 1, 1],
    pulls,
  ) as [number, number, number, number];
  return { prefillBaseMs, prefillScale, decodeBaseMs, decodePerRequestMs, decodeScale, decodeAttentionScale };
}
