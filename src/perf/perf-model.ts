/**
 * How long one pass of an engine takes. Answers are milliseconds before speed-up ratios and before rounding; the
 * engine rounds them to integer nanoseconds (engine/pass-duration.ts). Pure: same arguments, same answer.
 */
export interface PerfModel {
  /** Where its times come from, for reports. */
  readonly provenance: PerfModelProvenance;
  /**
   * What `decodeMs` looks at, so that an engine may keep a table of it:
   * "occupancy" = only active and pool tokens (polynomial); "batch-and-context" = only requests and mean context
   * (roofline, tables); "all" = both (profiles).
   */
  readonly decodeDependsOn: "occupancy" | "batch-and-context" | "all";
  /**
   * Time of the prefill part of a pass.
   * @param requests prefill requests with at least one new prompt token in the pass (≥ 1)
   * @param meanNewTokens floor(Σ(prefix + chunk) / n) − floor(Σ prefix / n), > 0
   * @param meanPrefixTokens floor(Σ prefix / n): tokens computed earlier or found in the cache
   */
  prefillMs(requests: number, meanNewTokens: number, meanPrefixTokens: number): number;
  /**
   * Time of the decode part of a pass.
   * @param requests requests charged for a token in the pass (≥ 1)
   * @param meanContextTokens floor(Σ(prompt + generated before this token) / n)
   * @param activeTokens tokens the key-value cache counts as active; which ones, the semantics say
   * @param poolTokens tokens the pool holds
   */
  decodeMs(requests: number, meanContextTokens: number, activeTokens: number, poolTokens: number): number;
}

/** Where a model's times come from. */
export interface PerfModelProvenance {
  /** "polynomial", "profile", "roofline", "tables". */
  readonly kind: string;
  /** One line for people: GPU, model, backend, version, source of the constants. */
  readonly description: string;
}
