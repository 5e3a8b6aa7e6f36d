import type { FaultPlan } from "../src/fleet/fault-plan.ts";
import type { ClientBehaviour } from "../src/workload/client-behaviour.ts";

/** A client that waits for ever and never tries again. */
export const patient: ClientBehaviour = {
  timeoutMs: null,
  firstTokenTimeoutMs: null,
  cancelShare: 0,
  cancelAfterMs: 1000,
  maxRetries: 0,
  retryOn: ["timeout", "failure", "refusal"],
  backoffMs: 100,
  backoffFactor: 2,
  maxBackoffMs: 10_000,
  jitter: 0.5,
};

/** Workers that never fail and start as fast as their engine says. */
export const sound: FaultPlan = {
  failures: [],
  meanTimeBetweenFailuresSeconds: null,
  restart: true,
  restartDelaySeconds: 0,
  migrationLimit: 0,
  startupVariation: 0,
  slowStartShare: 0,
  slowStartFactor: 1,
};
