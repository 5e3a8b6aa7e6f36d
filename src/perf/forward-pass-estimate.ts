import type { StepModel } from "./step-model.ts";

/** What a pass computes, as forward-pass metrics count it. */
export interface ForwardPassLoad {
  readonly prefillRequests: number;
  /** New prompt tokens of all of them. */
  readonly prefillTokens: number;
  /** Prompt tokens of theirs computed or cached before. */
  readonly prefillPrefixTokens: number;
  readonly decodeRequests: number;
  /** Context of all decoding sequences together. */
  readonly decodeKvTokens: number;
}

/**
 * Time of a pass from its forward-pass metrics, in ms, as AIConfigurator's forward-pass estimator composes it
 * (perf-model-reference §A): a prefill-only or decode-only pass as such, a mixed one as everything but attention once
 * over all tokens plus both attentions; every request is taken to be average. 0 for an empty pass.
 */
export function forwardPassMs(step: StepModel, load: ForwardPassLoad): number {
  const { prefillTokens, decodeRequests } = load;
  const prefillRequests = prefillTokens > 0 ? Math.max(1, load.prefillRequests) : 0;
  const newTokens = prefillRequests === 0 ? 0 : Math.floor(prefillTokens / prefillRequests);
  const prefix = prefillRequests === 0 ? 0 : Math.floor(load.prefillPrefixTokens / prefillRequests);
  // The mean context already holds the token of this pass.
  const context = decodeRequests === 0 ? 0 : Math.max(1, Math.floor(load.decodeKvTokens / decodeRequests));
  if (decodeRequests === 0) return newTokens === 0 ? 0 : step.prefillMs(prefillRequests, newTokens, prefix);
  if (newTokens === 0) return step.decodeMs(decodeRequests, context - 1);
  const sequences = decodeRequests * (step.deployment.draftTokens + 1);
  return (
    step.prefillWithoutAttentionMs(prefillTokens + sequences, 1) +
    step.prefillAttentionMs(prefillRequests, newTokens, prefix) +
    step.decodeAttentionMs(sequences, context)
  );
}
