import { expect, test } from "vitest";
import { namedByAxis } from "./axis-problem.ts";

const point = {
  index: 0,
  repeat: 0,
  values: {
    "run.num_workers": 0,
    "engine.sglang.page_size": 0,
    policy: "x",
    "planner.ttft_ms": -1,
    "router.mode": 1,
    "planner.mode": 1,
  },
};

test("a key nobody knows is that of its axis", () => {
  const values = { "engine.sglang.page_sise": 1, "planner.ttft": 1 };
  const unknown = (where: string, key: string) =>
    namedByAxis({ where, message: `unknown key "${key}"` }, { index: 0, repeat: 0, values }).where;
  expect(unknown("--extra-engine-args sglang", "page_sise")).toBe("--vary engine.sglang.page_sise");
  expect(unknown("--extra-engine-args", "page_sise")).toBe("--extra-engine-args");
  expect(unknown("--planner-config", "ttft")).toBe("--vary planner.ttft");
});

test("an option nobody knows is that of its axis, its likely name as sweeps have it", () => {
  const problem = { where: "", message: 'unknown option "numworkers" (did you mean "numWorkers"?)' };
  expect(namedByAxis(problem, { index: 0, repeat: 0, values: { "run.numworkers": 1 } })).toEqual({
    where: "--vary run.numworkers",
    message: 'unknown option (did you mean "num_workers"?)',
  });
});

test("a range in other words is told how ranges are written", () => {
  const problem = { where: "--extra-engine-args startup_time", message: 'found "0-120", expected a number' };
  const values = { "engine.startup_time": "0-120" };
  expect(namedByAxis(problem, { index: 0, repeat: 0, values }).message).toBe(
    'found "0-120", expected a number; a range is LOW:HIGH:STEP, such as 0:300:10',
  );
});

test.each([
  ["--num-workers", "--vary run.num_workers"],
  ["--extra-engine-args sglang.page_size", "--vary engine.sglang.page_size"],
  ["--prefill-engine-args sglang.page_size", "--vary engine.sglang.page_size"],
  ["--planner-config ttft_ms", "--vary planner.ttft_ms"],
  ["--policy", "--vary policy"],
  ["--planner-config mode", "--vary planner.mode"],
  // Not what is varied.
  ["--num-prefill-workers", "--num-prefill-workers"],
  ["--extra-engine-args page_size", "--extra-engine-args page_size"],
  ["--extra-engine-args num_workers", "--extra-engine-args num_workers"],
  ["--extra-engine-args", "--extra-engine-args"],
  ["", ""],
])("%j is told as %j", (where, told) => {
  expect(namedByAxis({ where, message: "m" }, point)).toEqual({ where: told, message: "m" });
});
