import type { Semantics } from "../engine/semantics.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { Trace } from "../trace/trace.ts";
import type { AggregatedTopology, DisaggregatedTopology, RunConfig } from "./run-config.ts";

/** What every run works on. */
export interface RunInputs {
  readonly trace: Trace;
  readonly config: RunConfig;
  /** The rules of `config.semantics`, as they act in this run. */
  readonly semantics: Semantics;
  /** Written by the run. */
  readonly ledger: RequestLedger;
}

/** What a run with one pool works on. */
export interface AggregatedInputs extends RunInputs {
  readonly topology: AggregatedTopology;
}

/** What a run with a prefill and a decode pool works on. */
export interface HandoffInputs extends RunInputs {
  readonly topology: DisaggregatedTopology;
  /** Written by the run. */
  readonly handoffs: HandoffColumns;
}
