import type { Trace } from "../../../trace/trace.ts";
import type { EngineConfig } from "../../engine-config.ts";
import { whyNotAggregated } from "../fleet-state.ts";

/**
 * Why the aggregated engine's shortcuts do not hold for the two pools of a disaggregated run, in words for people;
 * null = they do.
 */
function whyNotAggregatedHandoff(prefill: EngineConfig, decode: EngineConfig, trace: Trace): string | null {
  for (const engine of [prefill, decode]) {
    const reason = whyNotAggregated(engine, trace);
    if (reason !== null) return reason;
    if (engine.engineType === "trtllm") return "TRT-LLM-like hand-offs promise blocks request by request";
  }
  if (trace.inputLength.some((length) => length < prefill.maxModelLen && length >= decode.maxModelLen)) {
    return "prompts too long for the decode workers' model only are refused one by one";
  }
  return null;
}

/** Whether the aggregated engine may run both pools of a disaggregated run. */
export function aggregatedHandoffApplies(prefill: EngineConfig, decode: EngineConfig, trace: Trace): boolean {
  return whyNotAggregatedHandoff(prefill, decode, trace) === null;
}
