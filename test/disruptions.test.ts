import { expect, test } from "vitest";
import { FailureReason, RequestStatus } from "../src/metrics/request-ledger.ts";
import type { Planner } from "../src/planner/planner.ts";
import { runResultSchema } from "../src/result/schema.ts";
import { smallRun } from "./small-run.ts";
import { patient, sound } from "./disruption-fixtures.ts";

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
