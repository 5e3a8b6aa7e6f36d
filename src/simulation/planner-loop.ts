import type { Semantics } from "../engine/semantics.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import type { FrontEndGauges, Observation, Planner, PoolName, PublishedPass, Targets } from "../planner/planner.ts";
import type { EngineSamples, ScalingEvent, TickRecord } from "./outcome.ts";
import { observePool } from "./pool-observation.ts";
import type { RequestWatch } from "./request-watch.ts";
import type { TrafficRecorder } from "./traffic-recorder.ts";
import { GaugeReader } from "./worker-gauges.ts";
import { onOfferGrid } from "../workload/offer-grid.ts";

/** A policy failed or answered something no fleet can follow; ends the run with what is finished. */
export class PlannerError extends Error {
  override readonly name = "PlannerError";
}

/** More replicas than any answer can sensibly ask for. */
const mostReplicas = 100_000;

/** Ticks closer together would keep a run at one moment. */
const shortestTickSeconds = 0.001;

/** More ticks than memory holds records of. */
const mostTicks = 2_000_000;

/** Ticks in a row at which requests wait for a worker of an empty pool, after which a run is given up. */
const mostIdleTicks = 1000;

/** A pool the planner scales. */
export interface ScaledPool {
  readonly pool: WorkerPool;
  /** Attention-DP ranks of a worker. */
  readonly dpSize: number;
  /** Key-value blocks of a rank. */
  readonly kvBlocks: number;
}

/** What the planner is told of the requests. */
export interface RequestSources {
  readonly traffic: TrafficRecorder;
  readonly watch: RequestWatch;
}

/** Calls the planner at its ticks and turns its answers into changes of the fleet. */
export class PlannerLoop {
  /** Simulated time of the next tick, ns; Infinity = no more. */
  nextTickNs: number;
  readonly events: ScalingEvent[] = [];
  readonly ticks: TickRecord[] = [];
  private readonly planner: Planner;
  private readonly pools: readonly (ScaledPool & { readonly gauges: GaugeReader })[];
  private readonly semantics: Semantics;
  private readonly traffic: TrafficRecorder;
  private readonly watch: RequestWatch;
  private ticksWithoutWorkers = 0;
  /** What was wrong before the run began; told at its first moment, when what is finished can be written. */
  private readonly failure: PlannerError | null = null;

  constructor(planner: Planner, pools: readonly ScaledPool[], semantics: Semantics, sources: RequestSources) {
    this.planner = planner;
    this.pools = pools.map((scaled) => ({ ...scaled, gauges: new GaugeReader(scaled.dpSize, scaled.kvBlocks) }));
    this.semantics = semantics;
    this.traffic = sources.traffic;
    this.watch = sources.watch;
    try {
      this.nextTickNs = firstTickNs(planner);
    } catch (error) {
      this.failure = error as PlannerError;
      this.nextTickNs = 0;
    }
  }

  /** Observes, asks, applies. All workers must have been advanced to `atNs`. */
  tick(atNs: number): void {
    if (this.failure !== null) throw this.failure;
    const nowSeconds = atNs / 1e9;
    // A record of time 0 belongs to the first window.
    const sinceNs = this.ticks.length === 0 ? -1 : this.traffic.startNs;
    const pools: Observation["pools"] = {};
    const watched = this.watch.observe(sinceNs, atNs);
    for (const { pool, dpSize, gauges } of this.pools) {
      pool.removeDrained(atNs);
      const workers = gauges.read(pool, watched, sinceNs, atNs);
      const requests = { ...watched.concurrency(pool.name), workers };
      pools[pool.name] = observePool(pool, dpSize, this.semantics, requests, sinceNs, atNs);
    }
    const traffic = this.traffic.close(atNs);
    const requests = this.planner.seesRequests === true ? { requests: this.traffic.takeRequests() } : null;
    const { frontEnd } = watched;
    const targets = guarded("onTick", () => this.planner.onTick({ nowSeconds, pools, traffic, frontEnd, ...requests }));
    const wanted = this.checkedReplicas(targets);
    const record: TickRecord["pools"] = {};
    for (const { pool } of this.pools) {
      record[pool.name] = {
        active: pool.active.length,
        starting: pool.starting.length,
        draining: pool.draining.length,
        target: wanted[pool.name] ?? null,
        engines: engineSamples(pools[pool.name]?.passes ?? []),
      };
    }
    this.ticks.push({
      atSeconds: nowSeconds,
      pools: record,
      reason: targets.reason ?? null,
      record: targets.record ?? null,
    });
    for (const { pool } of this.pools) this.apply(pool, wanted[pool.name], nowSeconds, atNs, targets.reason ?? "");
    this.scheduleNext(targets, nowSeconds);
    this.giveUpWithoutWorkers(frontEnd);
  }

  private apply(pool: WorkerPool, target: number | undefined, nowSeconds: number, atNs: number, reason: string): void {
    const from = pool.size;
    if (target === undefined || target === from) return;
    pool.resize(target, atNs);
    const kind = target > from ? "scale_up" : "scale_down";
    this.events.push({ atSeconds: nowSeconds, pool: pool.name, from, to: target, kind, reason: reason || kind });
  }

  private scheduleNext(targets: Targets, nowSeconds: number): void {
    const next = targets.nextTickSeconds;
    if (next !== null && !(Number.isFinite(next) && next >= nowSeconds + shortestTickSeconds)) {
      throw new PlannerError(
        `the policy's next tick after ${nowSeconds} s is ${told(next)}; allowed are seconds from ${nowSeconds + shortestTickSeconds}, or null`,
      );
    }
    if (this.ticks.length >= mostTicks) throw new PlannerError(`the policy has asked for more than ${mostTicks} ticks`);
    this.nextTickNs = next === null ? Infinity : tickNs(next);
  }

  private checkedReplicas(targets: Targets): Partial<Record<PoolName, number>> {
    if (
      targets === null ||
      typeof targets !== "object" ||
      targets.replicas === null ||
      typeof targets.replicas !== "object"
    ) {
      const late = targets instanceof Promise ? "; a policy answers at once, not with a Promise" : "";
      throw new PlannerError(
        `the policy's onTick must return an object with \`replicas\` and \`nextTickSeconds\`${late}`,
      );
    }
    for (const [name, count] of Object.entries(targets.replicas)) {
      if (!this.pools.some(({ pool }) => pool.name === name)) {
        const known = this.pools.map(({ pool }) => pool.name).join(", ");
        throw new PlannerError(`the policy asked for replicas of a pool "${name}"; this run has: ${known}`);
      }
      if (!Number.isInteger(count) || count < 0 || count > mostReplicas) {
        throw new PlannerError(
          `the policy asked for ${told(count)} replicas of pool "${name}"; allowed are whole numbers from 0 to ${mostReplicas}`,
        );
      }
    }
    return targets.replicas;
  }

  /** A policy that keeps every pool of a kind empty would tick for ever with requests waiting. */
  private giveUpWithoutWorkers({ awaitingFirstToken, inFlight, firstTokens }: FrontEndGauges): void {
    const empty = this.pools.filter(({ pool }) => pool.size === 0 && pool.draining.length === 0).length;
    // Where only one of two pools is empty, requests that have their first token go on.
    const waiting = empty === this.pools.length ? inFlight : awaitingFirstToken;
    const stuck = empty > 0 && waiting > 0 && firstTokens.length === 0;
    this.ticksWithoutWorkers = stuck ? this.ticksWithoutWorkers + 1 : 0;
    if (this.ticksWithoutWorkers > mostIdleTicks) {
      throw new PlannerError(
        `the policy left a pool without any worker for ${mostIdleTicks} ticks while requests wait`,
      );
    }
  }
}

/** A value as a message shows it: text in quotes, NaN and undefined by name. */
function told(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function engineSamples(passes: readonly PublishedPass[]): EngineSamples {
  return {
    worker: passes.map(({ workerId }) => workerId),
    rank: passes.map(({ rank }) => rank),
    running: passes.map(({ pass }) => pass.numPrefillRequests + pass.numDecodeRequests),
    waiting: passes.map(({ pass }) => pass.numQueuedPrefill + pass.numQueuedDecode),
    kv_blocks: passes.map(({ pass }) => pass.activeBlocks),
  };
}

function firstTickNs(planner: Planner): number {
  const first = guarded("firstTickSeconds", () => planner.firstTickSeconds());
  if (first === null) return Infinity;
  if (!(Number.isFinite(first) && first >= 0)) {
    throw new PlannerError(`the policy's firstTickSeconds gave ${told(first)}; allowed are seconds from 0, or null`);
  }
  return tickNs(first);
}

/** Ticks fall on the grid of offers, so that what falls due at one can be put at that very instant. */
function tickNs(seconds: number): number {
  return onOfferGrid(seconds * 1000 * 1e6);
}

/** Calls the policy. @throws PlannerError that says which call failed, and why */
export function guarded<T>(call: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof PlannerError) throw error;
    throw new PlannerError(`the policy's ${call} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
