import type { EngineConfig } from "../engine/engine-config.ts";
import type { SemanticsName } from "../engine/semantics.ts";
import type { FaultPlan } from "../fleet/fault-plan.ts";
import type { Planner } from "../planner/planner.ts";
import type { ConditionalDisaggregation } from "../router/conditional-disaggregation.ts";
import type { KvRouterSettings } from "../router/kv-router-settings.ts";
import type { PrefillEstimate } from "../router/prefill-backlog.ts";
import type { RouterMode } from "../router/router-modes.ts";
import type { RouterRole } from "../router/target-cost.ts";
import type { ClientBehaviour } from "../workload/client-behaviour.ts";
import type { TargetChoice } from "../router/target-choice.ts";

/** Everything one run needs beside its trace; validated, no defaults left to fill. */
export interface RunConfig {
  readonly semantics: SemanticsName;
  readonly topology: AggregatedTopology | DisaggregatedTopology;
  /** Divides arrival times and think times. */
  readonly arrivalSpeedupRatio: number;
  /** Closed loop: most sessions in flight; null = open loop. */
  readonly replayConcurrency: number | null;
  /**
   * Requests are single ones that bring no plan of their outputs, so that prefill workers of ai-dynamo 1.4.2 end with
   * the prompt; it plans the outputs of every other workload. @default false
   */
  readonly outputsUnplanned?: boolean;
  /** Stop when the next event lies beyond it; null = run to the end. */
  readonly maxSimTimeSeconds: number | null;
  readonly routerMode: RouterMode;
  /** Settings of the KV-aware router; its defaults when absent. */
  readonly kvRouter?: KvRouterSettings;
  /** Prefill times the KV-aware router expects, where it lets loads fade; absent = loads count in full to their end. */
  readonly prefillEstimate?: PrefillEstimate;
  /** Replaces the KV-aware router's pick among its targets, a pool each: for following a recorded run. */
  readonly targetChoice?: Readonly<Partial<Record<RouterRole, TargetChoice>>>;
  /** The autoscaler in the loop; null = fixed pools. */
  readonly planner: Planner | null;
  /** Clients that give up and try again; absent or null = they wait for ever. */
  readonly client?: ClientBehaviour | null;
  /** Workers that fail or start slowly; absent or null = none does. */
  readonly faults?: FaultPlan | null;
  /**
   * "auto" takes the aggregated engine where its rules hold; "rows" is the plain engine with its passes that only
   * decode in rows; "pass-by-pass" is the plain engine.
   */
  readonly engine: "auto" | "rows" | "pass-by-pass";
  readonly seed: number;
}

/** When a decode worker computes a prompt itself; null = never. */
export function conditionalDisaggregation({ routerMode, kvRouter }: RunConfig): ConditionalDisaggregation | null {
  return routerMode === "kv_router" ? (kvRouter?.conditionalDisaggregation ?? null) : null;
}

/** One pool whose workers do prefill and decode. */
export interface AggregatedTopology {
  readonly mode: "agg";
  readonly engine: EngineConfig;
  readonly numWorkers: number;
}

/** A prefill pool that hands its key-value cache over to a decode pool. */
export interface DisaggregatedTopology {
  readonly mode: "disagg";
  readonly prefillEngine: EngineConfig;
  readonly decodeEngine: EngineConfig;
  readonly numPrefillWorkers: number;
  readonly numDecodeWorkers: number;
}
