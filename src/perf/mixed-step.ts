import type { StepModel } from "./step-model.ts";

/** A pass that computes prompt tokens and emits tokens at once. */
export interface MixedStep {
  /** Prompt tokens of the pass. */
  readonly contextTokens: number;
  /** Sequences that emit a token. */
  readonly decodeRequests: number;
  /** Whole prompt length (cached part included), output length and cached prefix of every request. */
  readonly inputLength: number;
  readonly outputLength: number;
  readonly prefix: number;
}

/**
 * A mixed pass as AIConfigurator composes it (perf-model-reference §A): everything but attention once over all tokens,
 * a prompt's attention spread evenly over its chunks, decode attention at the middle of the output. Milliseconds.
 */
export function mixedStepMs(step: StepModel, mixed: MixedStep): number {
  const { contextTokens, decodeRequests, inputLength, outputLength, prefix } = mixed;
  const sequences = decodeRequests * (step.deployment.draftTokens + 1);
  const tokens = contextTokens + sequences - prefix * Math.floor(contextTokens / inputLength);
  let ms = step.prefillWithoutAttentionMs(tokens, 1);
  if (contextTokens > 0) {
    const prompts = Math.ceil(contextTokens / inputLength);
    const chunks = Math.ceil(inputLength / contextTokens);
    ms += step.prefillAttentionMs(prompts, inputLength - prefix, prefix) / chunks;
  }
  if (sequences > 0) ms += step.decodeAttentionMs(sequences, inputLength + Math.floor(outputLength / 2) + 1);
  return ms;
}
