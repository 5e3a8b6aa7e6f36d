import { expect, it } from "vitest";
import { ProblemList } from "./config-error.ts";
import { validateEngineArgs } from "./engine-args.ts";
import { checkGpuBudget } from "./gpu-budget.ts";

const engine = (given: object) => validateEngineArgs(given, "--extra-engine-args", "aggregated", new ProblemList());
const split = engine({ aic_tp_size: 2, dp_size: 4 });

function problem(document: object, policy: string | null = null, semantics: "current" | "dynamo-1.4" = "current") {
  const problems = new ProblemList();
  checkGpuBudget(document, policy, semantics, [split], "--planner-config", problems);
  return problems.problems.map(({ where, message }) => `${where}: ${message}`);
}

it("a budget has to hold every GPU of the least replicas: tensor-parallel ones of every data-parallel rank", () => {
  expect(problem({ max_gpu_budget: 8 })).toEqual([]);
  expect(problem({ max_gpu_budget: 7 })).toEqual([
    "--planner-config max_gpu_budget: found 7, expected at least 8 (1 replica(s) of every pool at 8 GPU(s) each), or a negative number for no bound",
  ]);
  expect(problem({ max_gpu_budget: 15, min_endpoint: 2 })).toHaveLength(1);
  expect(problem({ min_endpoint: 2 })).toHaveLength(1);
  expect(problem({ max_gpu_budget: -1, min_endpoint: 9 })).toEqual([]);
  // What could not be read counts as one GPU, and what is no number is told elsewhere.
  const problems = new ProblemList();
  checkGpuBudget({ max_gpu_budget: 1 }, null, "current", [null], "--planner-config", problems);
  expect(problems.problems).toEqual([]);
  expect(problem({ max_gpu_budget: "7" })).toEqual([]);
});

it("is checked where the planner configuration alone bounds replicas, but not as the reference does", () => {
  expect(problem({ max_gpu_budget: 7, policy: "dynamo-fixed" })).toHaveLength(1);
  expect(problem({ max_gpu_budget: 7, policy: "hpa" })).toEqual([]);
  expect(problem({ max_gpu_budget: 7 }, "hpa")).toEqual([]);
  expect(problem({ max_gpu_budget: 7 }, null, "dynamo-1.4")).toEqual([]);
  expect(problem({ max_gpu_budget: 7 }, "dynamo-fixed", "dynamo-1.4")).toHaveLength(1);
});
