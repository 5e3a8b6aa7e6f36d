import type { RequestLedger } from "../../metrics/request-ledger.ts";
import type { Trace } from "../../trace/trace.ts";
import type { EngineConfig } from "../engine-config.ts";
import { honouredModelLength } from "../model-length.ts";
import type { Semantics } from "../semantics.ts";
import { DecodeTimes } from "./decode-times.ts";
import { noEdges, prefixEdges, type PrefixEdges } from "./prefix-edges.ts";

/** What the workers of a pool do: everything, or one side of disaggregated serving. */
export type PoolRole = "aggregated" | "prefill" | "decode";

/** What all aggregated workers of a run share: nothing of it depends on which worker serves a request. */
export interface AggregatedFleetState {
  readonly trace: Trace;
  readonly engine: EngineConfig;
  readonly semantics: Semantics;
  readonly role: PoolRole;
  readonly ledger: RequestLedger;
  readonly edges: PrefixEdges;
  /** The edges of a request's prompt, root first; good until the next call. */
  pathOf(request: number): readonly number[];
  readonly decodeTimes: DecodeTimes;
  /** Prompts at or above it are rejected and generation stops at it; Infinity = no limit. */
  readonly maxModelLen: number;
}

/** Prepares a run; the configuration must pass `whyNotAggregated`. */
export function createAggregatedFleetState(
  trace: Trace,
  engine: EngineConfig,
  semantics: Semantics,
  ledger: RequestLedger,
  role: PoolRole = "aggregated",
): AggregatedFleetState {
  const edges = engine.enablePrefixCaching ? prefixEdges(trace, engine.blockSize) : noEdges;
  return {
    trace,
    engine,
    semantics,
    role,
    ledger,
    edges,
    pathOf: pathFinder(edges),
    decodeTimes: new DecodeTimes(engine, semantics, ledger.gaps),
    maxModelLen: honouredModelLength(engine, semantics),
  };
}

/** Finds paths; the last one asked for is kept, for many workers are asked about one request. */
function pathFinder({ count, parent, lastEdge }: PrefixEdges): (request: number) => readonly number[] {
  const path: number[] = [];
  let of = -1;
  return (request) => {
    if (request === of || count === 0) return path;
    of = request;
    path.length = 0;
    for (let edge = lastEdge[request]!; edge >= 0; edge = parent[edge]!) path.push(edge);
    path.reverse();
    return path;
  };
}

/**
 * Why the aggregated engine's shortcuts do not hold for a configuration, in words for people; null = they do. They
 * rest on every running decode emitting one token in every pass and on the newest request giving way.
 */
export function whyNotAggregated(engine: EngineConfig, trace?: Trace): string | null {
  if (trace?.continuations != null) return "later prompts contain answers, so generated blocks have an identity";
  if (engine.engineType !== "vllm" && engine.engineType !== "trtllm") {
    return `${engine.engineType} engines are simulated pass by pass`;
  }
  if (engine.sharesCopies === true) return "copies are shared block by block";
  if (engine.maxUtilization === true) return "max-utilisation admits and preempts request by request";
  if (engine.speculative !== null) return "speculative decoding draws a number of tokens for each request and pass";
  if (engine.dpSize !== 1) return "attention-DP ranks advance in lockstep";
  if (engine.preemptionMode !== "lifo") return "FIFO preemption may skip a request for a pass";
  if (engine.maxNumBatchedTokens < engine.maxNumSeqs) {
    return "a token budget below max_num_seqs may leave running requests without a token";
  }
  return null;
}

/** Whether `createAggregatedFleetState` may be used for a configuration. */
export function aggregatedPathApplies(engine: EngineConfig, trace?: Trace): boolean {
  return whyNotAggregated(engine, trace) === null;
}
