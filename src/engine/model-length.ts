import type { EngineConfig } from "./engine-config.ts";
import type { Semantics } from "./semantics.ts";

/** The model length an engine keeps to: ai-dynamo 1.4.2 honours it for vLLM only (current-findings §2.7). */
export function honouredModelLength(config: EngineConfig, semantics: Semantics): number {
  return config.engineType === "vllm" || semantics.name === "current" ? config.maxModelLen : Infinity;
}
