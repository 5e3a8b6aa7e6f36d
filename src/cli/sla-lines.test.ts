import { expect, test } from "vitest";
import { resolveReplay } from "../config/resolve-replay.ts";
import { simulate } from "../replay.ts";
import { slaLine, twoSlasNote } from "./sla-lines.ts";

const noteFor = async (options: Parameters<typeof resolveReplay>[0]) =>
  twoSlasNote(await resolveReplay({ trace: "preset:step", ...options }));
const sla = { ttft_ms: 1500, itl_ms: 50 };

test("bounds that only judge are told where the policy has others", async () => {
  expect(await noteFor({ policy: "slo", slaTtftMs: 1500 })).toBe(
    "note: policy slo works towards ttft_ms 500 and itl_ms 50 (set them in --planner-config); requests are judged by TTFT 1500 ms",
  );
  const plannerConfig = { mode: "agg", optimization_target: "sla", ...sla };
  expect(await noteFor({ plannerConfig, slaTtftMs: 1500, slaItlMs: 30 })).toContain("policy dynamo works towards");
});

test.each([
  [{ policy: "slo", plannerConfig: sla, slaTtftMs: 1500, slaItlMs: 50 }],
  [{ policy: "slo", plannerConfig: sla }],
  [{ policy: "slo", plannerConfig: sla, slaTtftMs: 1500, slaE2eMs: 9000 }],
  [{ policy: "hpa", plannerConfig: sla, slaTtftMs: 1 }],
  [{ plannerConfig: { mode: "agg", optimization_target: "throughput" }, slaTtftMs: 1 }],
  [{ slaTtftMs: 1 }],
])("nothing is told of %j", async (options) => {
  expect(await noteFor(options)).toBeNull();
});

test("the verdict in a line", async () => {
  const brief = { trace: "preset:step", maxSimTimeSeconds: 30 };
  expect(slaLine(await simulate(brief))).toBeNull();
  const result = await simulate({ ...brief, slaTtftMs: 1e6, slaE2eMs: 1e7 });
  const { num_requests: requests, completed_requests: completed, incomplete_requests: underWay } = result;
  expect(completed).toBeGreaterThan(100);
  expect(underWay).toBeGreaterThan(1);
  expect(completed + underWay).toBe(requests);
  expect(slaLine(result)).toBe(
    `SLA met by 100.0 % of ${completed} requests (TTFT 1000000 ms, latency 10000000 ms), for 0.0083 GPU-hours; ${underWay} requests had not ended and are not judged`,
  );
  expect(slaLine({ ...result, num_requests: 1, incomplete_requests: 0 })).toContain("of 1 request (");
  expect(slaLine({ ...result, num_requests: 3, incomplete_requests: 3 })).toBe(
    "SLA (TTFT 1000000 ms, latency 10000000 ms): no request had ended, for 0.0083 GPU-hours",
  );
  // With a price, what they cost; also where nothing is judged.
  const priced = await simulate({ ...brief, slaTtftMs: 1e6, gpuPrice: 300 });
  expect(priced.gpu_cost).toBeCloseTo(300 * priced.gpu_hours, 12);
  expect(priced.gpu_cost_per_million_output_tokens).toBeCloseTo(
    (300 * priced.gpu_hours * 1e6) / priced.total_output_tokens,
    9,
  );
  const each = priced.gpu_cost_per_million_output_tokens!.toFixed(2);
  expect(slaLine(priced)).toContain(`, for 0.0083 GPU-hours (cost 2.50, ${each} per million output tokens); `);
  expect(slaLine({ ...priced, sla: null })).toBe(
    `Spent 0.0083 GPU-hours (cost 2.50, ${each} per million output tokens)`,
  );
  expect(result.gpu_cost).toBeUndefined();
  // What met every bound counts, not what met one of them.
  const attainment = { ttft: 0.9, itl: null, e2e: 0.5, all: 0.456 };
  expect(slaLine({ ...result, sla: { ...result.sla!, attainment } })).toContain("SLA met by 45.6 % of");
});
