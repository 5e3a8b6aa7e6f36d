import { ConfigError } from "../../config/config-error.ts";
import type { EngineConfig } from "../../engine/engine-config.ts";
import { simulate } from "../../simulation/simulate.ts";
import type { Trace } from "../../trace/trace.ts";
import type { PublishedDeployment } from "./published-deployment.ts";

/** What a client of a closed loop sees on average, ms. */
export interface ClientTimes {
  readonly ttftMs: number;
  readonly tpotMs: number;
}

/**
 * Drives an engine as the row's client did: a fixed number of requests in flight, every request counted.
 * @throws ConfigError when a request fails
 */
export function runClosedLoop(engine: EngineConfig, published: PublishedDeployment): ClientTimes {
  const { concurrency, recipe } = published;
  const { ledger } = simulate(closedLoop(published), {
    semantics: "current",
    topology: { mode: "agg", engine, numWorkers: 1 },
    arrivalSpeedupRatio: 1,
    replayConcurrency: concurrency,
    maxSimTimeSeconds: null,
    routerMode: "round_robin",
    planner: null,
    engine: "auto",
    seed: 0,
  });
  const count = recipe.rounds * concurrency;
  let ttftNs = 0;
  let tpotNs = 0;
  for (let i = 0; i < count; i++) {
    ttftNs += ledger.firstTokenNs[i]! - ledger.arrivalNs[i]!;
    tpotNs += (ledger.lastTokenNs[i]! - ledger.firstTokenNs[i]!) / Math.max(1, ledger.outputTokens[i]! - 1);
  }
  if (!Number.isFinite(tpotNs + ttftNs)) throw new ConfigError([{ where: "row", message: "requests failed" }]);
  const passMs = tpotNs / count / 1e6;
  // Tokens that wait to be delivered together move time from the one figure to the other.
  const later = Math.min(recipe.deliveryPasses, published.outputLength - 1);
  return {
    ttftMs: ttftNs / count / 1e6 + (recipe.waitPasses + later) * passMs,
    tpotMs: passMs * (1 - later / Math.max(1, published.outputLength - 1)),
  };
}

/** Requests of one shape; lengths follow a fixed, even pattern. */
function closedLoop({ concurrency, inputLength, outputLength, recipe }: PublishedDeployment): Trace {
  const count = recipe.rounds * concurrency;
  const [least, most] = { equal: [1, 1], around: [0.9, 1.1], below: [0.8, 1] }[recipe.lengths] as [number, number];
  const length = (whole: number, i: number, ratio: number) =>
    Math.round(whole * (least + (most - least) * ((i * ratio) % 1)));
  return {
    name: "closed loop",
    count,
    arrivalMs: new Float64Array(count),
    inputLength: Int32Array.from({ length: count }, (_, i) => length(inputLength, i, 0.618034)),
    outputLength: Int32Array.from({ length: count }, (_, i) => Math.max(2, length(outputLength, i, 0.414214))),
    blocks: null,
    sessions: null,
    notes: [],
  };
}
