import { expect, test } from "vitest";
import { likelyAxis } from "./likely-axis.ts";

test.each([
  ["startup_time", "engine.startup_time"],
  ["num-workers", "run.num_workers"],
  ["numworkers", "run.num_workers"],
  ["ttft_ms", "planner.ttft_ms"],
  ["ttft-ms", "planner.ttft_ms"],
  ["planer.itl_ms", "planner.itl_ms"],
  ["router_temperatur", "router.router_temperature"],
])("%s was %s", (given, meant) => {
  expect(likelyAxis(given)).toBe(` (did you mean "${meant}"?)`);
});

test("what resembles nothing gets no advice", () => {
  expect(likelyAxis("zork")).toBe("");
});
