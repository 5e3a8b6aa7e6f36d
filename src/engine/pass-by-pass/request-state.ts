/** A request inside one rank. */
export interface RequestState {
  readonly request: number;
  readonly promptLength: number;
  /** Tokens it will generate here. */
  readonly outputLimit: number;
  generated: number;
  /** Tokens of prompt + generated whose key-value entries exist. */
  computed: number;
  /** Physical blocks it references, in sequence order. */
  readonly blocks: number[];
  /** How many of its leading blocks are named in the cache. */
  registered: number;
  admitted: boolean;
  preempted: boolean;
  /** Its prompt was computed elsewhere and handed over (disaggregated decode); cleared by preemption. */
  materialised: boolean;
  /** Time of its last token, ns; NaN before the first. */
  lastTokenNs: number;
  /** Gaps between its tokens and how many of each, kept back until it completes (see RankContext). */
  readonly gaps: number[];
  /** Tokens computed before this pass and scheduled in it; −1 = not scheduled. */
  passBefore: number;
  passScheduled: number;
}

/** A request that has not been scheduled yet. */
export function newRequestState(request: number, promptLength: number, outputLimit: number): RequestState {
  return {
    request,
    promptLength,
    outputLimit,
    generated: 0,
    computed: 0,
    blocks: [],
    registered: 0,
    admitted: false,
    preempted: false,
    materialised: false,
    lastTokenNs: NaN,
    gaps: [],
    passBefore: 0,
    passScheduled: -1,
  };
}

/** Prompt and generated tokens. */
export function knownTokens(state: RequestState): number {
  return state.promptLength + state.generated;
}
