import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import type { Interruptions } from "./interruptions.ts";
import type { LoadSamples } from "./load-sampler.ts";
import type { PlannerLoop } from "./planner-loop.ts";

/** How far a run is; handed out now and then so that a caller can show it or stop. */
export interface Progress {
  readonly nowNs: number;
  /** Requests offered so far. */
  readonly offered: number;
}

/** What a driver keeps while it runs and leaves behind. */
export interface RunParts {
  /** Which engine implementation runs. */
  readonly engine: "aggregated" | "pass-by-pass";
  readonly pools: readonly WorkerPool[];
  readonly planner: PlannerLoop | null;
  /** What cache tiers below GPU memory did; null without. */
  readonly tierFigures: KvTierFigures | null;
  /** Null where clients wait for ever and no worker fails. */
  readonly interruptions: Interruptions | null;
  /** Load of the engines of a run without a planner; null with one. */
  readonly loadSamples: LoadSamples | null;
  /** Requests offered so far. */
  readonly offered: number;
  /** The run itself, in steps. */
  run(): Generator<Progress, void, void>;
}
