import { describe, expect, it } from "vitest";
import type { PartFigures, RankedSetting, Recommendation } from "./recommendation.ts";
import { recommendationText } from "./recommendation-text.ts";

const facts = {
  traces: ["trace.jsonl"],
  splitSeconds: 600,
  attainment: 0.9,
  margin: 0.02,
  stress: 1.25,
  ttftMs: 1500,
  itlMs: null,
  gpuPrice: null,
  caution: null,
};
const part = (attainment: number, gpuHours: number): PartFigures => ({
  attainment,
  gpuHours,
  meanGpus: null,
  events: 7,
  meanTtftMs: null,
  p90TtftMs: null,
  p99ItlMs: null,
});
const setting = (name: string, tuned: PartFigures, worst: number, heldOut: PartFigures): RankedSetting => ({
  name,
  policy: name,
  topology: "agg",
  tensorParallel: 2,
  settings: { "policy.target": 5 },
  options: { numWorkers: 2 },
  tuned,
  worst: { attainment: worst, gpuHours: 9 },
  grown: part(0.8, 3),
  heldOut,
});

const hpa = setting("hpa", part(0.95, 2), 0.91, part(0.93, 4));
const given = setting("as given", part(0.99, 4), 0.97, part(0.98, 5));
const text = (change: Partial<Recommendation>) =>
  recommendationText(
    { ranking: [hpa], asGiven: null, runs: 20, failed: 0, firstFailure: null, interrupted: false, ...change },
    facts,
  );
const told = (change: Partial<Recommendation>) => text(change).split("\n")[4];

describe("a recommendation", () => {
  it("tells the best of each kind, the size of a fleet left as given, GPUs on average and their cost", () => {
    const of = (change: Partial<RankedSetting>): RankedSetting => ({ ...hpa, ...change });
    const fleet = of({
      name: "fixed fleet",
      policy: "static",
      settings: {},
      options: { numWorkers: 3 },
      tuned: { ...part(0.95, 1.5), meanGpus: 6 },
    });
    const split = of({ topology: "disagg", worst: { attainment: 0.5, gpuHours: 9 } });
    const priced = recommendationText(
      { ranking: [fleet, hpa, split], asGiven: null, runs: 20, failed: 0, firstFailure: null, interrupted: false },
      { ...facts, gpuPrice: 3, caution: "times are made up" },
    );
    expect(priced).toContain(
      "**Run fixed fleet (aggregated, tensor parallel 2, num_workers=3).** It attains 95.0 % for 1.50 GPU-hours (6 GPUs on average, cost 4.50) while tuning",
    );
    expect(priced).toContain("\nMind: times are made up.\n");
    expect(priced.match(/^- .*$/gm)).toEqual([
      "- cheapest fixed fleet: fixed fleet (aggregated, tensor parallel 2, num_workers=3), 1.50 GPU-hours (6 GPUs on average, cost 4.50)",
      "- cheapest autoscaler: hpa (aggregated, tensor parallel 2, target=5), 2.00 GPU-hours (cost 6.00)",
      "- cheapest aggregated: fixed fleet (aggregated, tensor parallel 2, num_workers=3), 1.50 GPU-hours (6 GPUs on average, cost 4.50)",
      "- cheapest disaggregated: none listed holds",
    ]);
    expect(text({})).not.toMatch(/cheapest|Mind:/);
  });

  it("says what to run, what it attained while tuning and on the rest", () => {
    expect(told({})).toBe(
      "**Run hpa (aggregated, tensor parallel 2, target=5).** It attains 95.0 % for 2.00 GPU-hours while tuning, " +
        "91.0 % in its worst test. On the held-out part it attains 93.0 % for 4.00 GPU-hours: it holds there too.",
    );
    expect(text({ failed: 3 })).toContain("20 runs, 3 of them failed.");
  });

  it("names options of the run as files do, and has words on the left of its table", () => {
    const fleet = { ...hpa, settings: { "run.numWorkers": 5, "planner.min_endpoint": 2 } };
    const page = text({ ranking: [fleet] });
    expect(page).toContain("tensor parallel 2, num_workers=5 planner.min_endpoint=2).**");
    const rule = page.split("\n").find((line) => line.startsWith("| -"))!;
    const onTheRight = rule.split("|").map((cell) => cell.trim().endsWith(":"));
    expect(onTheRight.slice(1, 5)).toEqual([false, false, false, true]);
    expect(onTheRight.at(-2)).toBe(false);
  });

  it("compares with the setting as given, for better and for worse", () => {
    expect(told({ asGiven: given })).toMatch(
      /The setting as given attains 98\.0 % for 5\.00 GPU-hours there: the recommended one is 5\.0 points worse for 20 % fewer GPU-hours\.$/,
    );
    const cheaper = { ...given, heldOut: part(0.9, 2) };
    expect(told({ asGiven: cheaper })).toMatch(/the recommended one is 3\.0 points better for 100 % more GPU-hours\.$/);
    const alike = setting("as given", part(0.99, 4), 0.97, part(0.93, 4.01));
    expect(told({ asGiven: alike })).toMatch(/the recommended one is as good for about the same GPU-hours\.$/);
  });

  it("says so where the setting as given is to be kept, where nothing holds, and where it does not last", () => {
    expect(told({ ranking: [given, hpa], asGiven: given })).toMatch(
      /^\*\*Keep the setting as given \(as given\): nothing found holds for less\.\*\* (?!.*The setting as given)/,
    );
    const short = setting("hpa", part(0.95, 2), 0.85, part(0.88, 4));
    expect(told({ ranking: [short] })).toBe(
      "**No setting tried holds it.** The nearest, hpa (aggregated, tensor parallel 2, target=5), attains 85.0 % in its " +
        "worst test. On the held-out part it attains 88.0 % for 4.00 GPU-hours: it falls 2.0 points short there.",
    );
    const lucky = setting("hpa", part(0.95, 2), 0.85, part(0.9, 4));
    expect(told({ ranking: [lucky] })).toMatch(/attains 90\.0 % for 4\.00 GPU-hours: it holds there\.$/);
    expect(text({ ranking: [] })).toMatch(/\n\nNo run has finished\.\n$/);
    expect(text({ ranking: [], runs: 1, failed: 1, firstFailure: "no room" })).toMatch(
      / 1 run, 1 of them failed\.\n\nNo run has finished\. The first failed: no room\n$/,
    );
    const just = setting("hpa", part(0.95, 2), 0.95, part(0.8999, 4));
    expect(told({ ranking: [just] })).toMatch(/: it falls 0\.1 points short there\.$/);
  });

  it("lists what was found by rank, the setting as given below it", () => {
    const rows = text({ ranking: [hpa, { ...hpa, tuned: null }], asGiven: given }).split("\n");
    const cells = rows.filter((row) => row.startsWith("| ")).map((row) => row.split("|").map((cell) => cell.trim()));
    expect(cells.slice(2).map(([, rank, name, , , tuned]) => [rank, name, tuned])).toEqual([
      ["1", "hpa", "95.0 %"],
      ["2", "hpa", "failed"],
      ["–", "as given", "99.0 %"],
    ]);
    expect(text({ ranking: [setting("hpa", part(0.89, 2), 0.8, part(0.9, 1))] })).toMatch(/\| +89\.0 % ✗ \|/);
  });
});
