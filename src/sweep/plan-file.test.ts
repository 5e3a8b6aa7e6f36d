import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPlanFile } from "./plan-file.ts";

test("takes everything a command line can say", async () => {
  const text = `
trace: preset:conversation
replay:
  num_workers: 2
  planner-config: { mode: agg }
vary:
  engine.startup_time: 0:20:10
  planner.ttft_ms: [500, 1000]
  run.seed: 7
zip:
  - [engine.startup_time, planner.ttft_ms]
samples: 4
sampling: random
repeats: 2
`;
  expect(await readPlanFile(text)).toEqual({
    replay: { trace: "preset:conversation", numWorkers: 2, plannerConfig: { mode: "agg" } },
    axes: [
      { key: "engine.startup_time", range: { kind: "values", values: [0, 10, 20] } },
      { key: "planner.ttft_ms", range: { kind: "values", values: [500, 1000] } },
      { key: "run.seed", range: { kind: "values", values: [7] } },
    ],
    zipped: [["engine.startup_time", "planner.ttft_ms"]],
    samples: 4,
    sampling: "random",
    repeats: 2,
  });
});

test("a list takes what only looks like a range as it is", async () => {
  const { axes } = await readPlanFile('{vary: {a.x: ["0:x:10", "0:300:10"]}}');
  expect(axes).toEqual([{ key: "a.x", range: { kind: "values", values: ["0:x:10", "0:300:10"] } }]);
});

test.each([
  ["{vary: {a.x: 1}, repeat: 2}", /--plan: unknown key "repeat" \(did you mean "repeats"\?\)/],
  ["{trace: a}", /--plan vary: found nothing, expected KEY: RANGE/],
  ["{vary: {a.x: []}}", /--plan vary.a.x: the list is empty/],
  [
    "{vary: {a.x: '0:x:10', a.y: '1:5:y'}}",
    /vary.a.x: in the range "0:x:10" .* high .* found "x"[^]*vary.a.y: .* step .* "y"/,
  ],
  ["{vary: {a.x: '5:1:1'}}", /--plan vary.a.x: the range 5:1 is empty/],
  ["{vary: {a.x: {b: 1}}}", /--plan vary.a.x: found .*expected a list of values/],
  ["{vary: {a.x: 1}, repeats: 0}", /--plan repeats: found 0, expected a whole number of at least 1/],
  ["{vary: {a.x: 1}, sampling: sobol}", /--plan sampling: found "sobol"/],
  [
    "{vary: {a.x: 1}, replay: {num_worker: 1}}",
    /--plan replay: unknown key "num_worker" \(did you mean "num-workers"\?\)/,
  ],
  [
    "{vary: {a.x: 1}, replay: {num_workers: 1, num-workers: 2}}",
    /--plan replay: the option "num-workers" is given twice/,
  ],
  ["[1, 2]", /--plan: found \[1,2\], expected a mapping/],
  ["nowhere.yaml", /--plan: cannot read nowhere.yaml: no such file/],
])("refuses %s", async (text, message) => {
  await expect(readPlanFile(text)).rejects.toThrow(message);
});

test("tells all that is wrong with a plan at once", async () => {
  const plan = "{vary: {a.x: '5:1:1', a.y: 'lin:1:2', a.z: [], a.w: {}}, replay: {num_worker: 1}, repeat: 2, seed: 1}";
  for (const said of [
    /--plan: unknown key "repeat" \(did you mean "repeats"\?\)/,
    /--plan: unknown key "seed"/,
    /vary.a\.w: found .*expected a list of values/,
    /a\.x: the range 5:1 is empty/,
    /a\.y: found "lin:1:2"/,
    /a\.z: the list is empty/,
    /num-workers/,
  ]) {
    await expect(readPlanFile(plan)).rejects.toThrow(said);
  }
});

test("the plan in docs/sweeps.md reads", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/sweeps.md"), "utf8");
  const plan = await readPlanFile(page.match(/```yaml\n(trace: .*?)```/s)![1]!);
  expect(plan.axes.map(({ key }) => key)).toEqual(["engine.startup_time", "planner.ttft_ms"]);
  expect(plan).toMatchObject({ samples: 100, repeats: 3, replay: { numWorkers: 2, plannerConfig: "planner.json" } });
});
