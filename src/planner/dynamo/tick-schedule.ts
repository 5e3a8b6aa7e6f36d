import type { DynamoPlannerConfig } from "./planner-config.ts";

/** What is due on a tick. */
export interface DueWork {
  /** The load interval has passed: pass times are learned, whether or not load scaling is on. */
  readonly loadLoop: boolean;
  readonly throughputLoop: boolean;
  /** Load scaling decides. */
  readonly load: boolean;
  /** Throughput scaling decides. */
  readonly throughput: boolean;
  /** Forward-pass metrics are looked at. */
  readonly passes: boolean;
  /** The traffic observed so far is consumed. */
  readonly traffic: boolean;
}

/** Slack of the loops' due tests, s; the decisions' own tests have none (planner-reference §2). */
const LOOP_SLACK_SECONDS = 1e-9;

/** Which loops of the planner are due: one base tick, and an interval a loop counted from its last turn. */
export class TickSchedule {
  private lastLoadLoop = 0;
  private lastThroughputLoop = 0;
  private lastLoad = 0;
  private lastThroughput = 0;
  private readonly config: DynamoPlannerConfig;

  constructor(config: DynamoPlannerConfig) {
    this.config = config;
  }

  /** What is due at a tick; the loops due count as run. */
  advance(nowSeconds: number): DueWork {
    const { config } = this;
    const sla = config.optimizationTarget === "sla";
    const loopDue = (last: number, interval: number): boolean => nowSeconds - last >= interval - LOOP_SLACK_SECONDS;
    const loadLoop = loopDue(this.lastLoadLoop, config.loadAdjustmentIntervalSeconds);
    const throughputLoop =
      config.enableThroughputScaling && loopDue(this.lastThroughputLoop, config.throughputAdjustmentIntervalSeconds);
    const load = config.enableLoadScaling && nowSeconds - this.lastLoad >= config.loadAdjustmentIntervalSeconds;
    const throughput =
      config.enableThroughputScaling && nowSeconds - this.lastThroughput >= config.throughputAdjustmentIntervalSeconds;
    if (loadLoop) this.lastLoadLoop = nowSeconds;
    if (throughputLoop) this.lastThroughputLoop = nowSeconds;
    if (load) this.lastLoad = nowSeconds;
    return {
      loadLoop,
      throughputLoop,
      load,
      throughput,
      passes: load || (sla && loadLoop),
      traffic: throughput || (load && sla && !config.enableThroughputScaling),
    };
  }

  /** The throughput decision due was made; without it (no traffic yet) it stays due. */
  throughputDone(nowSeconds: number): void {
    this.lastThroughput = nowSeconds;
  }
}
