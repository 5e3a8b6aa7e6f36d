import type { FaultPlan, PlannedFailure } from "../fleet/fault-plan.ts";
import type { PoolName } from "../planner/planner.ts";
import type { ConfigValue } from "../result/schema.ts";
import type { Trace } from "../trace/trace.ts";
import type { ClientBehaviour } from "../workload/client-behaviour.ts";
import { clientConfigSchema } from "./client-schema.ts";
import { ConfigError, shown, type ProblemList } from "./config-error.ts";
import { faultConfigSchema, type GivenFaultConfig } from "./fault-schema.ts";
import { validate } from "./validate.ts";

const daySeconds = 86_400;

/** A failure whose time may still be a time of day. */
interface TimedFailure extends Omit<PlannedFailure, "atSeconds"> {
  readonly time: { readonly seconds: number } | { readonly clockSeconds: number; readonly clock: string };
}

/** A checked fault plan. Clock times are resolved when the trace is known: see faultPlanFor. */
export interface ResolvedFaults extends Omit<FaultPlan, "failures"> {
  readonly failures: readonly TimedFailure[];
  /** Time of day at which the run begins, s; null = the trace says. */
  readonly clockStartSeconds: number | null;
}

/** Checks `--client-config`; null when there is none or it has mistakes, which go to `problems`. */
export function resolveClient(given: unknown, where: string, problems: ProblemList): ClientBehaviour | null {
  // Undefined: it could not be read, which is told already.
  if (given == null || !isDocument(given, where, problems)) return null;
  const config = validate(clientConfigSchema, given, where, problems);
  if (config === null) return null;
  return {
    timeoutMs: config.timeout_ms ?? null,
    firstTokenTimeoutMs: config.first_token_timeout_ms ?? null,
    cancelShare: config.cancel_share ?? 0,
    cancelAfterMs: config.cancel_after_ms ?? 10_000,
    maxRetries: config.max_retries ?? 0,
    retryOn: config.retry_on ?? ["timeout", "failure", "refusal"],
    backoffMs: config.backoff_ms ?? 1000,
    backoffFactor: config.backoff_factor ?? 2,
    maxBackoffMs: config.max_backoff_ms ?? 60_000,
    jitter: config.jitter ?? 0.5,
  };
}

/** Checks `--fault-config`; null when there is none or it has mistakes, which go to `problems`. */
export function resolveFaults(
  given: unknown,
  mode: "agg" | "disagg",
  where: string,
  problems: ProblemList,
): ResolvedFaults | null {
  // Undefined: it could not be read, which is told already.
  if (given == null || !isDocument(given, where, problems)) return null;
  const config = validate(faultConfigSchema, given, where, problems);
  if (config === null) {
    // Failures that are text can be looked at all the same, so that their mistakes are told with the others.
    const { failures } = given as { readonly failures?: unknown };
    const texts = Array.isArray(failures) && failures.every((item) => typeof item === "string" && item !== "");
    if (texts) failuresOf({ failures }, mode, where, problems);
    return null;
  }
  const clockStart = config.clock_start ?? null;
  const clockStartSeconds = clockStart === null ? null : clockSeconds(clockStart);
  if (Number.isNaN(clockStartSeconds)) {
    problems.add(`${where} clock_start`, `found ${shown(clockStart)}, expected a clock time such as "09:30"`);
  }
  return {
    failures: failuresOf(config, mode, where, problems),
    meanTimeBetweenFailuresSeconds: config.mean_time_between_failures_s ?? null,
    restart: config.restart ?? true,
    restartDelaySeconds: config.restart_delay_s ?? 0,
    migrationLimit: config.migration_limit ?? 0,
    startupVariation: config.startup_variation ?? 0,
    slowStartShare: config.slow_start_share ?? 0,
    slowStartFactor: config.slow_start_factor ?? 5,
    clockStartSeconds,
  };
}

/**
 * The plan for a trace: clock times become times of the run, on the day it begins or the next.
 * @param speedup divides the trace's times
 * @throws ConfigError where a clock time cannot be told
 */
export function faultPlanFor(faults: ResolvedFaults, trace: Trace, speedup: number): FaultPlan {
  const { clockStartSeconds, failures, ...rest } = faults;
  const startOfTrace = trace.startUnixMs == null ? null : (trace.startUnixMs / 1000) % daySeconds;
  const start = clockStartSeconds ?? startOfTrace;
  return {
    ...rest,
    failures: failures.map(({ time, pool, worker }) => {
      if ("seconds" in time) return { atSeconds: time.seconds, pool, worker };
      if (start === null) {
        throw new ConfigError([
          {
            where: "--fault-config failures",
            message: `found the clock time "${time.clock}", but ${trace.name} has no calendar times; expected seconds such as "600s", or clock_start`,
          },
        ]);
      }
      const later = (((time.clockSeconds - start) % daySeconds) + daySeconds) % daySeconds;
      return { atSeconds: later / speedup, pool, worker };
    }),
  };
}

function failuresOf(
  config: GivenFaultConfig,
  mode: "agg" | "disagg",
  where: string,
  problems: ProblemList,
): TimedFailure[] {
  const allowed: readonly PoolName[] = mode === "agg" ? ["agg"] : ["prefill", "decode"];
  const failures: TimedFailure[] = [];
  for (const [index, item] of (config.failures ?? []).entries()) {
    const place = `${where} failures[${index}]`;
    const parts = typeof item === "string" ? partsOf(item) : { ...item, at: String(item.at) };
    const time = parts === null ? null : timeOf(parts.at);
    if (parts === null || time === null) {
      problems.add(
        place,
        `found ${shown(item)}, expected a time, a pool and a worker such as "600s:${allowed[0]}:0" or "10:00:${allowed[0]}:0"`,
      );
      continue;
    }
    const pool = parts.pool ?? (mode === "agg" ? "agg" : undefined);
    if (pool === undefined || !allowed.includes(pool as PoolName)) {
      problems.add(
        place,
        `found pool ${shown(pool ?? null)}, expected ${allowed.map((name) => `"${name}"`).join(" or ")}`,
      );
      continue;
    }
    failures.push({ time, pool: pool as PoolName, worker: parts.worker });
  }
  return failures;
}

/** TIME:POOL:WORKER; a clock time has colons of its own. */
function partsOf(item: string): { at: string; pool: string; worker: number } | null {
  const match = /^(.+):([a-z]+):(\d{1,9})$/.exec(item.trim());
  return match === null ? null : { at: match[1]!, pool: match[2]!, worker: Number(match[3]) };
}

function timeOf(text: string): TimedFailure["time"] | null {
  const span = /^(\d+(?:\.\d+)?)\s*(s|m|h)?$/.exec(text.trim());
  if (span !== null) {
    const unit = { s: 1, m: 60, h: 3600 }[span[2] ?? "s"]!;
    return { seconds: Number(span[1]) * unit };
  }
  const clock = clockSeconds(text);
  return Number.isNaN(clock) ? null : { clockSeconds: clock, clock: text.trim() };
}

/** Seconds since midnight; NaN for what is no time of day. */
function clockSeconds(text: string): number {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim());
  if (match === null) return Number.NaN;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return hours > 23 || minutes > 59 || seconds > 59 ? Number.NaN : (hours * 60 + minutes) * 60 + seconds;
}

function isDocument(given: unknown, where: string, problems: ProblemList): given is object {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return true;
  problems.add(where, `found ${shown(given)}, expected an object`);
  return false;
}

/** The settings of a document by dotted path, for the result. */
export function documentValues(name: string, given: unknown): Record<string, ConfigValue> {
  if (typeof given !== "object" || given === null) return {};
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      `${name}.${key}`,
      { value: (typeof value === "object" ? JSON.stringify(value) : value) as ConfigValue["value"], from: "given" },
    ]),
  );
}
