/**
 * What a pass computed, told from its token counts alone (planner-reference §5): the regression keeps one set of
 * samples a kind.
 */
export type PassKind = "prefill" | "decode" | "mixed";

/** The load of one pass as the performance model sees it. */
export interface PassLoad {
  /** New prompt tokens. */
  readonly prefillTokens: number;
  readonly decodeRequests: number;
  /** Context tokens of the decode requests. */
  readonly decodeKvTokens: number;
}

/** The kind of a pass, or null for an empty one. */
export function passKindOf(load: PassLoad): PassKind | null {
  const decodes = load.decodeRequests > 0 || load.decodeKvTokens > 0;
  if (load.prefillTokens > 0) return decodes ? "mixed" : "prefill";
  return decodes ? "decode" : null;
}

/** Regression features of a pass of a kind: one or two non-negative numbers. */
export function featuresOf(kind: PassKind, load: PassLoad): readonly number[] {
  switch (kind) {
    case "prefill":
      return [load.prefillTokens];
    case "decode":
      return [load.decodeRequests, load.decodeKvTokens];
    case "mixed":
      return [load.prefillTokens, load.decodeKvTokens];
  }
}
