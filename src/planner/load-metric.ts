import type { Observation, PoolName, PoolObservation } from "./planner.ts";

/** Load metrics a reactive autoscaler can follow. */
export const loadMetrics = [
  "queue",
  "concurrency",
  "running",
  "kv_utilisation",
  "busy",
  "request_rate",
  "token_rate",
] as const;
/** One of `loadMetrics`. */
export type LoadMetric = (typeof loadMetrics)[number];

/** What each metric is, for schemas and sentences. */
export const metricWords: Readonly<Record<LoadMetric, string>> = {
  queue: "waiting requests",
  concurrency: "requests in flight",
  running: "running requests",
  kv_utilisation: "share of the key-value cache in use",
  busy: "share of time spent computing",
  request_rate: "requests a second",
  token_rate: "prompt tokens a second",
};

/**
 * Values of a metric worker by worker, active workers only (vLLM's gauges, a router's counts). Rates are split evenly:
 * a router sends every worker its share.
 */
export function perWorker(metric: LoadMetric, pool: PoolObservation, observation: Observation): number[] {
  const active = pool.workers.filter(({ state }) => state === "active");
  switch (metric) {
    case "queue":
      return active.map(({ waiting }) => waiting);
    case "concurrency":
      return active.map(({ inFlight }) => inFlight);
    case "running":
      return active.map(({ running }) => running);
    case "kv_utilisation":
      return active.map(({ kvUtilisation }) => kvUtilisation);
    case "busy":
      return active.map(({ busyShare }) => busyShare);
    case "request_rate":
    case "token_rate": {
      const rate = total(metric, "agg", pool, observation);
      return active.map(() => rate / active.length);
    }
  }
}

/**
 * A metric of the whole pool as an external source counts it (a broker's queue, a front end's counters): requests no
 * worker has yet are part of the front pool's queue and concurrency. Shares are summed over the workers.
 */
export function total(
  metric: LoadMetric,
  name: PoolName,
  pool: PoolObservation,
  { traffic, frontEnd }: Observation,
): number {
  const sum = (pick: (worker: PoolObservation["workers"][number]) => number): number =>
    pool.workers.reduce((all, worker) => all + (worker.state === "active" ? pick(worker) : 0), 0);
  const perSecond = (count: number): number => (traffic.durationSeconds > 0 ? count / traffic.durationSeconds : 0);
  switch (metric) {
    case "queue":
      return sum(({ waiting }) => waiting) + (name === "decode" ? 0 : frontEnd.atRouter);
    case "concurrency":
      return pool.inFlight;
    case "running":
      return sum(({ running }) => running);
    case "kv_utilisation":
      return sum(({ kvUtilisation }) => kvUtilisation);
    case "busy":
      return sum(({ busyShare }) => busyShare);
    case "request_rate":
      return perSecond(traffic.offeredRequests);
    case "token_rate":
      return perSecond(frontEnd.offeredInputTokens);
  }
}
