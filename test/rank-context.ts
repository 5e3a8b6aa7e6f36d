import type { EngineConfig } from "../src/engine/engine-config.ts";
import type { RankContext } from "../src/engine/pass-by-pass/engine-rank.ts";
import { PromptBlocks } from "../src/engine/prompt-blocks.ts";
import { semanticsByName, type SemanticsName } from "../src/engine/semantics.ts";
import type { RequestLedger } from "../src/metrics/request-ledger.ts";
import type { Trace } from "../src/trace/trace.ts";

/** What a rank without cache tiers, speculation and interruptions is made from. @param index rank as results name it */
export function rankContext(
  trace: Trace,
  config: EngineConfig,
  semantics: SemanticsName,
  ledger: RequestLedger,
  index = 0,
): RankContext {
  return {
    index,
    config,
    semantics: semanticsByName[semantics],
    ledger,
    prompts: new PromptBlocks(trace, config.blockSize),
    inputLength: trace.inputLength,
    outputLength: trace.outputLength,
    sampler: null,
    tiers: null,
    rounds: null,
    gapsOfCompletedOnly: false,
    interruptible: false,
  };
}
