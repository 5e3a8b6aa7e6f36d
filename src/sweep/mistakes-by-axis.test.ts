import { expect, test } from "vitest";
import type { ReplayOptions } from "../config/replay-options.ts";
import { parseAxis } from "./axis.ts";
import { checkPoints } from "./check-points.ts";
import { sweepPoints } from "./sweep-plan.ts";

const design = { zipped: [], sampling: "latin-hypercube", repeats: 1, seed: 1 } as const;

async function told(vary: readonly string[], samples: number | null = null, base: ReplayOptions = {}) {
  const points = sweepPoints({ ...design, axes: vary.map(parseAxis), samples });
  const error: unknown = await checkPoints({ trace: "preset:step", ...base }, points).catch(
    (thrown: unknown) => thrown,
  );
  return (error as Error | undefined)?.message.split("\n") ?? [];
}

test("fractions in a range of whole numbers are one mistake, with ranges that have none", async () => {
  expect(await told(["run.num_workers=lin:1:8:5"])).toEqual([
    "--vary run.num_workers: found 2.75, 4.5 and 6.25, expected a whole number from 1 to 100000; " +
      "write whole numbers, such as 1,3,5,6,8 or 1:8:1 (LOW:HIGH:STEP)",
  ]);
});

test("up to twelve whole numbers are written out", async () => {
  const [problem] = await told(["run.num_workers=lin:1:9:17"]);
  expect(problem).toMatch(/write whole numbers, such as 1,2,3,4,5,6,7,8,9 or 1:9:1 \(LOW:HIGH:STEP\)$/);
});

test("many values are told by their number", async () => {
  expect(await told(["engine.max_num_seqs=lin:1:80:100"])).toEqual([
    "--vary engine.max_num_seqs: found 1.79797979798, 2.59595959596, 3.39393939394, 4.19191919192, 4.9898989899, " +
      "5.78787878788 and 92 more values, expected a whole number of at least 1; write whole numbers, such as 1:80:1 (LOW:HIGH:STEP)",
  ]);
  const [drawn, ...others] = await told(["engine.max_num_seqs=uniform:1:80"], 50);
  expect(drawn).toMatch(/ and 44 more values, expected a whole number .*; write whole numbers, such as \d+:\d+:1 /);
  expect(others).toEqual([]);
});

test("mistakes of other kinds and other axes stay apart", async () => {
  const plannerConfig = { mode: "agg" };
  expect(
    await told(["planner.ttft_ms=-1,0", "run.num_workers=0,abc", "engine.zzz=1"], null, { plannerConfig }),
  ).toEqual([
    '--vary run.num_workers: found 0 and "abc", expected a whole number from 1 to 100000',
    '--vary engine.zzz: unknown key "zzz"',
    "--vary planner.ttft_ms: found -1 and 0, expected a number above 0",
  ]);
});
