import { expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import { rowOf, sweepFigureNames } from "./sweep-row.ts";

const point = { index: 3, values: { "engine.max_num_seqs": 8 }, repeat: 1 };
const requests = [
  { at: 0, input: 512, output: 4 },
  { at: 0, input: 8192, output: 4 },
];

test("has the result's figures, the SLA it was held to and the changes of its pools", async () => {
  const { result } = await smallRun(requests, { sla: { ttftMs: 1e6, itlMs: 1e-3, e2eMs: null } });
  const [up, down] = [
    { kind: "scale_up" as const, from: 1, to: 2 },
    { kind: "scale_down" as const, from: 2, to: 1 },
  ].map((change) => ({ t_s: 1, pool: "agg" as const, ready_t_s: null, reason: "", ...change }));
  const { figures, ...row } = rowOf("key", point, { ...result, scaling_events: [up!, down!, up!] });
  expect(row).toEqual({ run: "key", ...point, error: null });
  expect(Object.keys(figures!)).toEqual([...sweepFigureNames, "digest"]);
  expect(figures).toMatchObject({
    digest: result.digest,
    mean_ttft_ms: result.mean_ttft_ms,
    gpu_hours: result.gpu_hours,
    sla_attainment: 0,
    sla_ttft_attainment: 1,
    sla_itl_attainment: 0,
    sla_ttft_ms: 1e6,
    sla_itl_ms: 1e-3,
    scale_ups: 2,
    scale_downs: 1,
  });
});

test("has no SLA figures where no bound was set", async () => {
  const { result } = await smallRun(requests);
  expect(rowOf("key", point, result).figures).toMatchObject({
    sla_attainment: null,
    sla_ttft_attainment: null,
    sla_itl_attainment: null,
    sla_ttft_ms: null,
    sla_itl_ms: null,
    scale_ups: 0,
    scale_downs: 0,
  });
});
