import type {
  Observation,
  Planner,
  PoolName,
  PoolObservation,
  PublishedPass,
  Targets,
  TrafficWindow,
} from "../planner.ts";
import type { PhysicalBootstrap } from "./bootstrap.ts";
import { explainTick } from "./explanation.ts";
import { LoadForecast } from "./load-forecast.ts";
import type { IntervalTraffic } from "./load-forecast.ts";
import { scaleAggregated, scaleDisaggregated } from "./load-scaling.ts";
import type { LoadContext, LoadOutcome } from "./load-scaling.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";
import { PlannedPool } from "./planned-pool.ts";
import type { DynamoPlannerConfig, EngineCapabilities, PlannerCapabilities } from "./planner-config.ts";
import { projectTargets } from "./projection.ts";
import type { ReplicaTargets } from "./replica-targets.ts";
import { tickRecord } from "./tick-record.ts";
import type { DynamoTickRecord } from "./tick-record.ts";
import { TickSchedule } from "./tick-schedule.ts";
import { mergeWindows } from "./traffic-window.ts";
import { outcome as throughputOutcome, scaleForThroughput } from "./throughput-scaling.ts";
import type { ThroughputOutcome } from "./throughput-scaling.ts";

/** What a Dynamo planner is made of. */
export interface DynamoPlannerInputs {
  readonly config: DynamoPlannerConfig;
  readonly capabilities: PlannerCapabilities;
  /** Traffic of the intervals before the run, oldest first. */
  readonly warmUp?: readonly IntervalTraffic[];
  /** Passes to learn before the first tick; `decode` is the aggregated pool's. */
  readonly bootstrap?: { readonly prefill?: readonly PublishedPass[]; readonly decode?: readonly PublishedPass[] };
  /** The improved sweep of either pool instead; `decode` is the aggregated pool's. */
  readonly physical?: { readonly prefill?: PhysicalBootstrap; readonly decode?: PhysicalBootstrap };
  /** Pass times to start from in place of learned ones; `decode` is the aggregated pool's. */
  readonly passTimes?: { readonly prefill?: PassTimeModel; readonly decode?: PassTimeModel };
}

/**
 * The autoscaler of NVIDIA Dynamo 1.4.2, decision for decision (planner-reference, planner-findings): learns pass times
 * from forward-pass metrics, forecasts traffic, and scales by floors from the forecast and steps of one from the load.
 * Knows only observations; the same observations give the same targets.
 */
export class DynamoPlanner implements Planner {
  private readonly config: DynamoPlannerConfig;
  private readonly capabilities: PlannerCapabilities;
  private readonly prefill: PlannedPool | null;
  private readonly decode: PlannedPool;
  private readonly schedule: TickSchedule;
  private readonly forecast: LoadForecast | null;
  private pendingTraffic: TrafficWindow | null = null;
  private lastTraffic: TrafficWindow | null = null;
  private lastKvHitRate: number | null = null;
  private lastAcceptLength = 1;
  private lastTickSeconds = 0;
  private gpuHours = 0;

  constructor({ config, capabilities, warmUp, bootstrap, physical, passTimes }: DynamoPlannerInputs) {
    this.config = config;
    this.capabilities = capabilities;
    this.schedule = new TickSchedule(config);
    const pool = (name: PoolName, engine: EngineCapabilities, key: "prefill" | "decode") =>
      new PlannedPool(name, engine, config, passTimes?.[key], physical?.[key]);
    if (config.mode === "agg") {
      this.prefill = null;
      this.decode = pool("agg", capabilities.decode, "decode");
    } else {
      if (capabilities.prefill === null)
        throw new Error("a disaggregated planner needs the prefill engine's capabilities");
      this.prefill = pool("prefill", capabilities.prefill, "prefill");
      this.decode = pool("decode", capabilities.decode, "decode");
    }
    this.forecast = config.enableThroughputScaling ? new LoadForecast(config.predictor) : null;
    if (warmUp !== undefined) this.forecast?.warmUp(warmUp);
    if (bootstrap?.prefill !== undefined) this.prefill?.estimator?.observe(bootstrap.prefill);
    if (bootstrap?.decode !== undefined) this.decode.estimator?.observe(bootstrap.decode);
  }

  firstTickSeconds(): number {
    return this.config.scaleIntervalSeconds;
  }

  onTick(observation: Observation): Targets {
    const { nowSeconds } = observation;
    const due = this.schedule.advance(nowSeconds);
    const decodePool = requirePool(observation, this.decode.name);
    const prefillPool = this.prefill === null ? null : requirePool(observation, "prefill");
    this.accountGpuHours(nowSeconds, prefillPool, decodePool);

    const decodeSeen = this.decode.update(decodePool);
    const prefillSeen = prefillPool === null ? [] : this.prefill!.update(prefillPool);
    const decodePasses = due.passes ? decodeSeen : [];
    const prefillPasses = due.passes ? prefillSeen : [];
    const traffic = this.collectTraffic(observation.traffic, due.traffic);

    if (due.loadLoop) {
      if (prefillPasses.length > 0) this.prefill?.estimator?.observe(prefillPasses);
      if (decodePasses.length > 0) this.decode.estimator?.observe(decodePasses);
    }
    const throughput = due.throughput ? this.decideThroughput(traffic) : null;
    if (throughput !== null && throughput.forecast !== null) this.schedule.throughputDone(nowSeconds);
    if (throughput?.floors) {
      this.decode.floor = throughput.floors.decode ?? this.decode.floor;
      if (this.prefill !== null) this.prefill.floor = throughput.floors.prefill ?? this.prefill.floor;
    }
    const load = due.load ? this.decideLoad({ prefillPool, decodePool, prefillPasses, decodePasses }) : null;

    const ready = { prefill: prefillPool?.activeIds.length ?? null, decode: decodePool.activeIds.length };
    const scaleTo = projectTargets(load?.targets ?? throughput?.targets ?? null, ready, this.config, this.capabilities);
    const shownLoad = load ?? (due.loadLoop && !this.config.enableLoadScaling ? DISABLED : null);
    const recorded = due.loadLoop || due.throughputLoop || scaleTo !== null;
    const facts = {
      nowSeconds,
      prefillPool,
      decodePool,
      prefillPasses,
      decodePasses,
      traffic: this.lastTraffic,
      throughputIntervalSeconds: this.config.throughputAdjustmentIntervalSeconds,
      load: shownLoad,
      throughput,
      floors: { prefill: this.prefill?.floor ?? 1, decode: this.decode.floor },
      scaleTo,
      gpuHours: this.gpuHours,
    };
    const explanation = explainTick(facts, this.config);
    const record: DynamoTickRecord | null = recorded ? tickRecord({ ...facts, explanation }) : null;
    return {
      replicas: this.issue(scaleTo, prefillPool, decodePool),
      nextTickSeconds: nowSeconds + this.config.scaleIntervalSeconds,
      ...(recorded ? { reason: explanation } : {}),
      ...(record === null ? {} : { record: { ...record } }),
    };
  }

  /** Adds the window to those not consumed yet; returns and forgets them all when a loop wants traffic. */
  private collectTraffic(window: TrafficWindow, wanted: boolean): TrafficWindow | null {
    this.pendingTraffic = this.pendingTraffic === null ? window : mergeWindows(this.pendingTraffic, window);
    if (!wanted) return null;
    const traffic = this.pendingTraffic;
    this.pendingTraffic = null;
    if (traffic.durationSeconds <= 0) return null;
    this.lastTraffic = traffic;
    // A window without routed requests reads as a hit rate of 0 (planner-reference §7.11).
    this.lastKvHitRate = traffic.meanKvHitRate ?? 0;
    if (traffic.meanAcceptLength !== null && Number.isFinite(traffic.meanAcceptLength)) {
      this.lastAcceptLength = traffic.meanAcceptLength;
    }
    return traffic;
  }

  private decideThroughput(traffic: TrafficWindow | null): ThroughputOutcome | null {
    const { estimator } = this.decode;
    if (this.forecast === null || estimator === null) return null;
    if (traffic === null) return throughputOutcome(null, "no_traffic_data");
    this.forecast.observe({
      requests: traffic.offeredRequests,
      inputTokens: traffic.meanInputTokens ?? 0,
      outputTokens: traffic.meanOutputTokens ?? 0,
    });
    return scaleForThroughput({
      config: this.config,
      capabilities: this.capabilities,
      estimators: { prefill: this.prefill?.estimator ?? null, decode: estimator },
      forecast: { ...this.forecast.predict(), kvHitRate: this.lastKvHitRate },
      windowSeconds: traffic.durationSeconds,
      acceptLength: this.acceptLength(),
    });
  }

  private decideLoad(tick: {
    readonly prefillPool: PoolObservation | null;
    readonly decodePool: PoolObservation;
    readonly prefillPasses: readonly PublishedPass[];
    readonly decodePasses: readonly PublishedPass[];
  }): LoadOutcome {
    const context: LoadContext = {
      config: this.config,
      kvHitRate: this.lastKvHitRate,
      acceptLength: this.acceptLength(),
    };
    const floorOf = (pool: PlannedPool) => (this.config.enableThroughputScaling ? pool.floor : 0);
    const decode = this.decode.load(tick.decodePool, tick.decodePasses, floorOf(this.decode));
    if (this.prefill === null || tick.prefillPool === null) return scaleAggregated(decode, context);
    const prefill = this.prefill.load(tick.prefillPool, tick.prefillPasses, floorOf(this.prefill));
    return scaleDisaggregated(prefill, decode, this.capabilities, context);
  }

  /** Targets that change a pool; they are remembered until the pool has them. */
  private issue(
    scaleTo: ReplicaTargets | null,
    prefillPool: PoolObservation | null,
    decodePool: PoolObservation,
  ): Partial<Record<PoolName, number>> {
    const prefill = prefillPool === null ? null : this.prefill!.issue(prefillPool, scaleTo?.prefill ?? null);
    const decode = this.decode.issue(decodePool, scaleTo?.decode ?? null);
    return {
      ...(prefill === null ? {} : { prefill }),
      ...(decode === null ? {} : { [this.decode.name]: decode }),
    };
  }

  private acceptLength(): number {
    const nextn = this.capabilities.decode.nextn > 0 ? this.capabilities.decode.nextn : this.config.speculativeNextn;
    return clampAcceptLength(this.lastAcceptLength, nextn);
  }

  private accountGpuHours(nowSeconds: number, prefill: PoolObservation | null, decode: PoolObservation): void {
    if (this.lastTickSeconds > 0) {
      const gpus =
        (prefill?.activeIds.length ?? 0) * (this.capabilities.prefill?.gpusPerWorker ?? 0) +
        decode.activeIds.length * this.capabilities.decode.gpusPerWorker;
      this.gpuHours += gpus * ((nowSeconds - this.lastTickSeconds) / 3600);
    }
    this.lastTickSeconds = nowSeconds;
  }
}

const DISABLED: LoadOutcome = {
  targets: null,
  reason: "disabled",
  prefillReason: null,
  decodeReason: null,
  estimatedTtftMs: null,
  estimatedItlMs: null,
};

/** Visible tokens a decode forward yields, within what `nextn` draft tokens allow; 1 without them. */
export function clampAcceptLength(acceptLength: number, nextn: number): number {
  if (nextn <= 0 || !Number.isFinite(acceptLength)) return 1;
  return Math.min(Math.max(acceptLength, 1), nextn + 1);
}

function requirePool(observation: Observation, name: PoolName): PoolObservation {
  const pool = observation.pools[name];
  if (pool === undefined)
    throw new Error(`the planner's mode needs a pool named "${name}", which this run does not have`);
  return pool;
}
