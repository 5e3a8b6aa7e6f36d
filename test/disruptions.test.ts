import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startupFactor, type FaultPlan } from "../src/fleet/fault-plan.ts";
import { FailureReason, RequestStatus } from "../src/metrics/request-ledger.ts";
import type { Planner, PoolName } from "../src/planner/planner.ts";
import { SeededRandom } from "../src/random/seeded-random.ts";
import { simulate as simulateOptions } from "../src/replay.ts";
import { runResultSchema } from "../src/result/schema.ts";
import { kvRouterDefaults } from "../src/router/kv-router-settings.ts";
import { singleClassProfile } from "../src/router/policy-profile.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { ClientBehaviour } from "../src/workload/client-behaviour.ts";
import { replayConfig } from "./replay-arguments.ts";
import { seededCase } from "./seeded-case.ts";
import { smallRun } from "./small-run.ts";

type Kind = "agg" | "trt" | "dis" | "sglang" | "sglang-dis";

const patient: ClientBehaviour = {
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

const sound: FaultPlan = {
  failures: [],
  meanTimeBetweenFailuresSeconds: null,
  restart: true,
  restartDelaySeconds: 0,
  migrationLimit: 0,
  startupVariation: 0,
  slowStartShare: 0,
  slowStartFactor: 1,
};

async function caseOf(kind: Kind, seed: number): Promise<{ trace: Trace; config: RunConfig }> {
  const { rows, args } = seededCase(kind === "sglang" ? "agg" : kind === "sglang-dis" ? "dis" : kind, seed);
  const usable = rows.filter((row) => row.input_length > 0);
  const stdin = Readable.from([Buffer.from(usable.map((row) => `${JSON.stringify(row)}\n`).join(""))]);
  const traceBlockSize = Number(args[args.indexOf("--trace-block-size") + 1]);
  const trace = await openTrace("-", { stdin, traceBlockSize, arrivals: "optional" });
  const config = { ...replayConfig(args, seed % 2 === 0 ? "current" : "dynamo-1.4"), maxSimTimeSeconds: null };
  if (!kind.startsWith("sglang")) return { trace, config };
  const sglang = {
    schedulePolicy: "fifo",
    maxPrefillTokens: 16384,
    chunkedPrefillSize: 8192,
    clipMaxNewTokens: 4096,
    scheduleConservativeness: 1,
  } as const;
  const change = { engineType: "sglang", blockSize: 16, sglang } as const;
  const { topology } = config;
  return {
    trace,
    config: {
      ...config,
      topology:
        topology.mode === "agg"
          ? { ...topology, engine: { ...topology.engine, ...change } }
          : {
              ...topology,
              prefillEngine: { ...topology.prefillEngine, ...change },
              decodeEngine: { ...topology.decodeEngine, ...change },
            },
    },
  };
}

function fingerprint({ ledger, handoffs }: SimulationOutcome, withGaps = true): string {
  const hash = createHash("sha256");
  for (const part of [ledger, handoffs ?? {}]) {
    for (const [name, column] of Object.entries(part)) {
      if (name !== "attempts" && ArrayBuffer.isView(column)) hash.update(column as Uint8Array);
    }
  }
  if (!withGaps) return hash.digest("hex");
  const { gapNs, weight } = ledger.gaps.sorted();
  return hash.update(gapNs).update(weight).digest("hex");
}

const kinds = fc.constantFrom<Kind>("agg", "trt", "dis", "sglang", "sglang-dis");
const seeds = fc.integer({ min: 2000, max: 1_000_000 });

const anyClient: fc.Arbitrary<ClientBehaviour | null> = fc.option(
  fc.record({
    timeoutMs: fc.constantFrom(null, 30, 200, 1500),
    firstTokenTimeoutMs: fc.constantFrom(null, 25, 100, 700),
    cancelShare: fc.constantFrom(0, 0.3, 1),
    cancelAfterMs: fc.constantFrom(5, 100, 1000),
    maxRetries: fc.constantFrom(0, 1, 5),
    retryOn: fc.constantFrom<ClientBehaviour["retryOn"]>(["timeout", "failure", "refusal"], ["failure"], []),
    backoffMs: fc.constantFrom(0, 10, 300),
    backoffFactor: fc.constantFrom(1, 2),
    maxBackoffMs: fc.constant(1000),
    jitter: fc.constantFrom(0, 0.5),
  }),
);

function anyFaults(kind: Kind): fc.Arbitrary<FaultPlan | null> {
  const pools: PoolName[] = kind.endsWith("dis") ? ["prefill", "decode"] : ["agg"];
  return fc.option(
    fc.record({
      failures: fc.array(
        fc.record({
          atSeconds: fc.constantFrom(0, 0.02, 0.1, 0.5, 2),
          pool: fc.constantFrom(...pools),
          worker: fc.nat(3),
        }),
        { maxLength: 4 },
      ),
      meanTimeBetweenFailuresSeconds: fc.constantFrom(null, 0.3, 5),
      restart: fc.boolean(),
      restartDelaySeconds: fc.constantFrom(0, 0.2),
      migrationLimit: fc.constantFrom(0, 1, 3),
      startupVariation: fc.constantFrom(0, 0.4),
      slowStartShare: fc.constantFrom(0, 0.5),
      slowStartFactor: fc.constant(4),
    }),
  );
}

const disrupted = fc
  .record({ kind: kinds, seed: seeds, client: anyClient, router: fc.constantFrom(null, null, 0.001, Infinity) })
  .chain(({ kind, ...rest }) => anyFaults(kind).map((faults) => ({ kind, ...rest, faults })));

/** A KV-aware router that holds requests back above a share of a pass's tokens. */
function routed(threshold: number | null): Partial<RunConfig> {
  if (threshold === null) return {};
  const policy = singleClassProfile(threshold === Infinity ? null : threshold, "fcfs");
  return { routerMode: "kv_router", kvRouter: { ...kvRouterDefaults, policy } };
}

function withStartup(config: RunConfig): RunConfig {
  const { topology } = config;
  const slow = { startupSeconds: 0.15 };
  return {
    ...config,
    topology:
      topology.mode === "agg"
        ? { ...topology, engine: { ...topology.engine, ...slow } }
        : {
            ...topology,
            prefillEngine: { ...topology.prefillEngine, ...slow },
            decodeEngine: { ...topology.decodeEngine, ...slow },
          },
  };
}

describe("whatever clients do and workers suffer", () => {
  test("requests that a closed loop offers when the last worker fails do not end before they came", async () => {
    const faults: FaultPlan = {
      failures: [],
      meanTimeBetweenFailuresSeconds: 0.3,
      restart: false,
      restartDelaySeconds: 0,
      migrationLimit: 0,
      startupVariation: 0,
      slowStartShare: 0,
      slowStartFactor: 4,
    };
    const { trace, config } = await caseOf("dis", 283243);
    const { ledger } = simulate(trace, { ...withStartup(config), client: null, faults });
    expect(ledger.status).toContain(RequestStatus.failed);
    expect([...ledger.terminalNs].filter((atNs, i) => atNs < ledger.arrivalNs[i]!)).toEqual([]);
  });

  test("every offered request ends exactly once, and the same run gives the same bits", async () => {
    let interrupted = 0;
    await fc.assert(
      fc.asyncProperty(disrupted, async ({ kind, seed, client, faults, router }) => {
        const { trace, config: plain } = await caseOf(kind, seed);
        const config: RunConfig = { ...withStartup(plain), ...routed(router), client, faults };
        const outcome = simulate(trace, config);
        const { ledger } = outcome;
        let offered = 0;
        let gaps = 0;
        for (let i = 0; i < trace.count; i++) {
          const arrived = !Number.isNaN(ledger.arrivalNs[i]!);
          const status = ledger.status[i]!;
          expect(arrived).toBe(status !== RequestStatus.pending);
          if (!arrived) continue;
          offered++;
          if (ledger.attempts !== null) {
            expect(ledger.attempts[i]!).toBeGreaterThan(0);
            expect(ledger.attempts[i]!).toBeLessThanOrEqual(1 + (client?.maxRetries ?? 0));
          }
          expect(ledger.terminalNs[i]!).toBeGreaterThanOrEqual(ledger.arrivalNs[i]!);
          expect(ledger.outputTokens[i]!).toBeLessThanOrEqual(trace.outputLength[i]!);
          if (status === RequestStatus.timedOut || status === RequestStatus.canceled) interrupted++;
          if (status !== RequestStatus.completed) {
            expect(ledger.reason[i]).not.toBe(FailureReason.none);
            expect(!(ledger.lastTokenNs[i]! > ledger.terminalNs[i]!)).toBe(true);
            continue;
          }
          const times = [ledger.arrivalNs, ledger.admitNs, ledger.firstTokenNs, ledger.lastTokenNs, ledger.terminalNs]
            .map((column) => column[i]!)
            .filter((at) => !Number.isNaN(at));
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          gaps += Math.max(0, ledger.outputTokens[i]! - 1);
          if (client?.timeoutMs != null && ledger.attempts![i] === 1) {
            expect(ledger.terminalNs[i]! - ledger.arrivalNs[i]!).toBeLessThanOrEqual(client.timeoutMs * 1e6);
          }
        }
        expect(outcome.offeredRequests).toBe(offered);
        // What can never be finished leaves the gaps it had.
        const hopeless = ledger.status.some(
          (status, i) => status === RequestStatus.failed && ledger.reason[i] !== FailureReason.workerFailed,
        );
        if (!hopeless) expect(ledger.gaps.sorted().weight.reduce((sum, weight) => sum + weight, 0)).toBe(gaps);
        for (const { goneNs, createdNs, busyNs } of outcome.workers) {
          expect(goneNs).toBeGreaterThanOrEqual(createdNs);
          expect(busyNs).toBeLessThanOrEqual(goneNs - createdNs + 1);
        }
        const again = simulate(trace, config);
        expect(fingerprint(again)).toBe(fingerprint(outcome));
        expect(again.disruptions?.failures).toEqual(outcome.disruptions?.failures);
      }),
      { numRuns: 100 },
    );
    expect(interrupted).toBeGreaterThan(20);
  });

  test("patient clients and sound workers change nothing", async () => {
    await fc.assert(
      fc.asyncProperty(kinds, seeds, async (kind, seed) => {
        const { trace, config } = await caseOf(kind, seed);
        const plain = simulate(trace, config);
        const changes: Partial<RunConfig>[] = [{ client: patient }, { faults: sound }];
        // Clients with a limit, however long, end a standstill.
        const stuck = plain.ledger.status.includes(RequestStatus.failed);
        if (!stuck) changes.push({ client: { ...patient, timeoutMs: 1e12 } });
        for (const change of changes) {
          expect(fingerprint(simulate(trace, { ...config, ...change }), !stuck)).toBe(fingerprint(plain, !stuck));
        }
      }),
      { numRuns: 40 },
    );
  });
});

test.each([
  ["a request given up ends after all: its session goes on once", 999984],
  ["prompts that preempt each other in no time", 900589],
])("hand-offs stuck in tiny pools end: %s", async (_, seed) => {
  const { trace, config } = await caseOf("dis", seed);
  const { ledger, offeredRequests } = simulate(trace, config);
  expect(offeredRequests).toBe(trace.count);
  expect(ledger.status.includes(RequestStatus.pending)).toBe(false);
});

const engine = { num_gpu_blocks: 16384, block_size: 64 };

test("a client that waits too long gives up at that time, and tries again after its backoff", async () => {
  const rows = [{ at: 0, input: 1000, output: 100 }];
  const client = { ...patient, timeoutMs: 300, maxRetries: 1, backoffMs: 50, jitter: 0 };
  const { requests, outcome } = await smallRun(rows, { engine, change: { client } });
  expect(requests[0]).toMatchObject({ arrival: 0, status: RequestStatus.timedOut });
  expect(outcome.ledger.terminalNs[0]! / 1e6).toBe(650);
  expect(outcome.ledger.attempts![0]).toBe(2);
  expect(outcome.ledger.reason[0]).toBe(FailureReason.clientTimeout);
  expect(outcome.disruptions!.wastedTokens).toBeGreaterThan(80);
});

test("a first token that is late ends the wait for it, one in time does not", async () => {
  const rows = [{ at: 0, input: 1000, output: 100 }];
  const late = await smallRun(rows, { engine, change: { client: { ...patient, firstTokenTimeoutMs: 30 } } });
  expect(late.outcome.ledger.terminalNs[0]! / 1e6).toBe(30);
  expect(late.requests[0]!.tokens).toBe(0);
  const inTime = await smallRun(rows, { engine, change: { client: { ...patient, firstTokenTimeoutMs: 50 } } });
  expect(inTime.requests[0]!.status).toBe(RequestStatus.completed);
});

test("a worker that fails takes its requests along; a new one starts, and both are billed while they were there", async () => {
  const rows = [
    { at: 0, input: 1000, output: 100 },
    { at: 10, input: 1000, output: 100 },
    { at: 800, input: 1000, output: 10 },
  ];
  const faults = {
    ...sound,
    failures: [{ atSeconds: 0.2, pool: "agg" as const, worker: 0 }],
    restartDelaySeconds: 0.1,
  };
  const { requests, outcome, result } = await smallRun(rows, {
    engine: { ...engine, startup_time: 0.3 },
    flags: ["--num-workers", "2"],
    change: { faults },
  });
  expect(requests.map(({ status }) => status)).toEqual([
    RequestStatus.failed,
    RequestStatus.completed,
    RequestStatus.completed,
  ]);
  expect(outcome.ledger.terminalNs[0]).toBe(0.2e9);
  expect(requests[2]!.worker).toBe(1);
  expect(outcome.disruptions!.failures).toEqual([
    { atSeconds: 0.2, pool: "agg", worker: 0, state: "active", lost: 1, replacement: 2 },
  ]);
  const [first, , third] = outcome.workers;
  expect(first).toMatchObject({ id: 0, goneNs: 0.2e9, failed: true, busyNs: 0.2e9 });
  expect(third).toMatchObject({ id: 2, createdNs: 0.2e9, readyNs: 0.6e9 });
  const seconds = outcome.workers.reduce((sum, { createdNs, goneNs }) => sum + (goneNs - createdNs) / 1e9, 0);
  expect(result.gpu_hours).toBeCloseTo(seconds / 3600, 12);
});

test("a request that moves on keeps its tokens, and its last worker computes them as prompt", async () => {
  const rows = [
    { at: 0, input: 1000, output: 50 },
    { at: 5000, input: 100, output: 1 },
  ];
  const faults = {
    ...sound,
    migrationLimit: 1,
    restart: false,
    failures: [{ atSeconds: 0.2, pool: "agg" as const, worker: 0 }],
  };
  const flags = ["--num-workers", "2"];
  const plain = await smallRun(rows, { engine, flags });
  const { requests, outcome } = await smallRun(rows, { engine, flags, change: { faults } });
  expect(requests[0]).toMatchObject({
    status: RequestStatus.completed,
    tokens: 50,
    worker: 1,
    ttft: plain.requests[0]!.ttft,
  });
  // Prompt and tokens are computed again, within one pass of 39 ms or so.
  const delay = requests[0]!.e2e - plain.requests[0]!.e2e;
  expect(delay).toBeGreaterThan(25);
  expect(delay).toBeLessThan(45);
  expect(outcome.disruptions).toMatchObject({ migrations: 1, wastedTokens: 0 });
});

test("what a client gives up leaves room for others", async () => {
  const rows = [
    { at: 0, input: 64, output: 500 },
    { at: 200, input: 64, output: 5 },
  ];
  const { requests } = await smallRun(rows, {
    engine: { ...engine, max_num_seqs: 1 },
    change: { client: { ...patient, timeoutMs: 400 } },
  });
  expect(requests.map(({ status }) => status)).toEqual([RequestStatus.timedOut, RequestStatus.completed]);
  // The pass that was running when the client gave up has to end.
  expect(requests[1]!.admit).toBeGreaterThanOrEqual(400);
  expect(requests[1]!.admit).toBeLessThan(410);
});

test("nothing follows a turn whose client has given up; a turn that failed for another reason is followed", async () => {
  const rows = [
    { at: 0, input: 64, output: 500, session: "a" },
    { input: 64, output: 1, session: "a", delay: 5 },
    { at: 0, input: 64, output: 3, session: "b" },
    { input: 64, output: 1, session: "b", delay: 5 },
  ];
  const { outcome, result } = await smallRun(rows, { engine, change: { client: { ...patient, timeoutMs: 500 } } });
  expect([...outcome.ledger.status]).toEqual([
    RequestStatus.timedOut,
    RequestStatus.pending,
    RequestStatus.completed,
    RequestStatus.completed,
  ]);
  expect(result).toMatchObject({
    num_requests: 3,
    completed_requests: 2,
    failed_requests: 1,
    incomplete_requests: 0,
    failure_reasons: { client_timeout: 1 },
    disruptions: { timed_out_requests: 1, retries: 0 },
  });
  expect(runResultSchema.safeParse(result).success).toBe(true);
});

test("the planner sees a failed worker gone and its replacement starting", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ at: i * 50, input: 500, output: 20 }));
  const seen: (readonly [number, readonly number[], readonly number[]])[] = [];
  const planner: Planner = {
    firstTickSeconds: () => 0.5,
    onTick: ({ nowSeconds, pools }) => {
      seen.push([nowSeconds, pools.agg!.activeIds, pools.agg!.startingIds]);
      return { replicas: {}, nextTickSeconds: nowSeconds + 0.5 };
    },
  };
  const faults = { ...sound, failures: [{ atSeconds: 0.6, pool: "agg" as const, worker: 1 }] };
  const { outcome } = await smallRun(rows, {
    engine: { ...engine, startup_time: 0.7 },
    flags: ["--num-workers", "3"],
    change: { faults, planner },
  });
  expect(seen.slice(0, 3)).toEqual([
    [0.5, [0, 1, 2], []],
    [1, [0, 2], [3]],
    [1.5, [0, 2, 3], []],
  ]);
  expect(outcome.disruptions!.failures).toHaveLength(1);
});

test("start-up times spread around their mean, whatever else happens", async () => {
  const mean = (plan: Partial<FaultPlan>) => {
    const factors = Array.from({ length: 20_000 }, (_, id) =>
      startupFactor({ ...sound, ...plan }, new SeededRandom(7).fork(id)),
    );
    return factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  };
  expect(mean({})).toBe(1);
  expect(mean({ startupVariation: 0.5 })).toBeCloseTo(1, 1);
  expect(mean({ slowStartShare: 0.25, slowStartFactor: 5 })).toBeCloseTo(2, 1);
});

describe("--client-config and --fault-config", () => {
  const base = { inputTokens: 100, outputTokens: 20, requestCount: 50, requestRate: 20, numWorkers: 2 };

  test("run from code, with their settings in the result", async () => {
    const result = await simulateOptions({
      ...base,
      clientConfig: { timeout_ms: 140, max_retries: 1 },
      faultConfig: { failures: ["1s:agg:0", { at: "0.02m", pool: "agg", worker: 9 }], slow_start_share: 0.1 },
    });
    expect(result.config["client.timeout_ms"]).toEqual({ value: 140, from: "given" });
    expect(result.disruptions!.worker_failures.map(({ t_s, state }) => [t_s, state])).toEqual([
      [1, "active"],
      [1.2, "absent"],
    ]);
    expect(result.workers.filter(({ failed }) => failed === true).map(({ id }) => id)).toEqual([0]);
    const ended = result.completed_requests + result.rejected_requests + result.failed_requests;
    expect(ended).toBe(result.num_requests);
  });

  test.each([
    [{ failures: ["20x:agg:0"] }, 'failures[0]: found "20x:agg:0", expected a time, a pool and a worker such as'],
    [{ failures: ["20s:prefill:0"] }, 'failures[0]: found pool "prefill", expected "agg"'],
    [{ failures: ["25:00:agg:0"] }, "expected a time, a pool and a worker"],
    [{ failures: ["10:00:agg:0"] }, "has no calendar times"],
    [{ failures: ["10:00:agg:0"], clock_start: "9" }, 'clock_start: found "9", expected a clock time such as "09:30"'],
    [{ restrt: true }, 'unknown key "restrt" (did you mean "restart"?)'],
  ])("refuses the fault plan %j", async (faultConfig, problem) => {
    await expect(simulateOptions({ ...base, faultConfig })).rejects.toThrow(problem);
  });

  test("a clock time counts from the trace's own start or the one given, on the next day if it is past", async () => {
    const at = async (clock: string, options: object) => {
      const faultConfig = { failures: [`${clock}:agg:0`], ...options };
      return (await simulateOptions({ ...base, faultConfig })).disruptions!.worker_failures[0]?.t_s;
    };
    expect(await at("10:00:01", { clock_start: "10:00" })).toBe(1);
    expect(await at("00:00:01", { clock_start: "23:59:59" })).toBe(2);
  });
});
