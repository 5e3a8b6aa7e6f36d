import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import * as fc from "./seeded-properties.ts";
import { describe, expect, test } from "vitest";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import type { FaultPlan } from "../src/fleet/fault-plan.ts";
import { FailureReason, RequestStatus } from "../src/metrics/request-ledger.ts";
import type { PoolName } from "../src/planner/planner.ts";
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
import { patient, sound } from "./disruption-fixtures.ts";

type Kind = "agg" | "trt" | "dis" | "sglang" | "sglang-dis";

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
  return { trace, config: withEngines(config, change) };
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

/** The run with engines that differ in something. */
function withEngines(config: RunConfig, change: Partial<EngineConfig>): RunConfig {
  const { topology } = config;
  return {
    ...config,
    topology:
      topology.mode === "agg"
        ? { ...topology, engine: { ...topology.engine, ...change } }
        : {
            ...topology,
            prefillEngine: { ...topology.prefillEngine, ...change },
            decodeEngine: { ...topology.decodeEngine, ...change },
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
    const { ledger } = simulate(trace, { ...withEngines(config, { startupSeconds: 0.15 }), client: null, faults });
    expect(ledger.status).toContain(RequestStatus.failed);
    expect([...ledger.terminalNs].filter((atNs, i) => atNs < ledger.arrivalNs[i]!)).toEqual([]);
  });

  test("every offered request ends exactly once, and the same run gives the same bits", async () => {
    let interrupted = 0;
    await fc.assert(
      fc.asyncProperty(disrupted, async ({ kind, seed, client, faults, router }) => {
        const { trace, config: plain } = await caseOf(kind, seed);
        const config: RunConfig = {
          ...withEngines(plain, { startupSeconds: 0.15 }),
          ...routed(router),
          client,
          faults,
        };
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

test.each(["auto", "pass-by-pass"] as const)(
  "a request that is stuck a second time fails after its last token: %s",
  async (engine) => {
    const { trace, config } = await caseOf("dis", 909428);
    const { ledger } = simulate(trace, { ...config, engine });
    expect(ledger.status[11]).toBe(RequestStatus.failed);
    expect(ledger.outputTokens[11]).toBe(4);
    expect(ledger.terminalNs[11]).toBe(ledger.lastTokenNs[11]);
  },
);
