import { expect, test } from "vitest";
import { namedByAxis } from "./axis-problem.ts";

const point = {
  index: 0,
  repeat: 0,
  values: { "run.num_workers": 0, "engine.sglang.page_size": 0, policy: "x", "planner.ttft_ms": -1 },
};

test.each([
  ["--num-workers", "--vary run.num_workers"],
  ["--extra-engine-args sglang.page_size", "--vary engine.sglang.page_size"],
  ["--prefill-engine-args sglang.page_size", "--vary engine.sglang.page_size"],
  ["--planner-config ttft_ms", "--vary planner.ttft_ms"],
  ["--policy", "--vary policy"],
  // Not what is varied.
  ["--num-prefill-workers", "--num-prefill-workers"],
  ["--extra-engine-args page_size", "--extra-engine-args page_size"],
  ["--extra-engine-args num_workers", "--extra-engine-args num_workers"],
  ["--extra-engine-args", "--extra-engine-args"],
  ["", ""],
])("%j is told as %j", (where, told) => {
  expect(namedByAxis({ where, message: "m" }, point)).toEqual({ where: told, message: "m" });
});
