import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runCli, scratchFolder } from "./run-cli.ts";

const examples = join(import.meta.dirname, "../examples");
const guide = [
  "preset:conversation",
  "--extra-engine-args",
  join(examples, "guide-engine.json"),
  "--planner-config",
  join(examples, "guide-planner.json"),
  "--num-workers",
  "2",
];

interface Part {
  attainment: number;
  gpuHours: number;
}

describe("windtunnel recommend", () => {
  const cwd = scratchFolder();
  const ask = (...args: string[]) => runCli(["recommend", ...guide, ...args], { cwd });
  beforeAll(() => runCli(["trace", "convert", "preset:synthetic", "--max", "700", "-o", "short.jsonl"], { cwd }));
  const asked = [
    "--policies",
    "dynamo-fixed,static",
    "--runs",
    "24",
    "--alternatives",
    "2",
    "--attainment",
    "0.85",
    "--out",
    "found",
  ];

  test("beats the guide's own setting on a time range it has not seen, and says how", async () => {
    const { code, stdout, stderr } = await ask(...asked);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("**Run ");
    const { ranking, asGiven } = JSON.parse(readFileSync(join(cwd, "found/recommendation.json"), "utf8")) as {
      ranking: { tuned: Part; heldOut: Part; worst: Part }[];
      asGiven: { heldOut: Part };
    };
    const [first] = ranking;
    expect(first!.tuned.attainment).toBeGreaterThanOrEqual(0.86);
    expect(first!.worst.attainment).toBeGreaterThanOrEqual(0.85);
    const [one, other] = [first!.heldOut, asGiven.heldOut];
    // No worse and cheaper, or clearly better.
    const cheaper = one.attainment >= other.attainment && one.gpuHours < other.gpuHours;
    const better = one.attainment >= 0.85 && other.attainment < 0.85;
    expect(cheaper || better, JSON.stringify([one, other])).toBe(true);
    expect(readFileSync(join(cwd, "found/recommendation.md"), "utf8")).toMatch(/^\| – \| +as given/m);
  });

  test("does nothing twice, and answers the same on one thread", async () => {
    const rows = readFileSync(join(cwd, "found/results.jsonl"), "utf8");
    const before = readFileSync(join(cwd, "found/recommendation.md"), "utf8");
    const again = await ask(...asked, "--parallel", "1");
    expect(again.code).toBe(0);
    expect(readFileSync(join(cwd, "found/results.jsonl"), "utf8")).toBe(rows);
    expect(readFileSync(join(cwd, "found/recommendation.md"), "utf8")).toBe(before);
  });

  test("takes requests that are made up, and prints a command that makes them again", async () => {
    const made = ["--input-tokens", "300", "--output-tokens", "20", "--request-count", "60", "--request-rate", "20"];
    const search = ["--policies", "static", "--runs", "3", "--max-gpus", "2", "--attainment", "1", "--out", "made"];
    const bounds = ["--sla-ttft-ms", "1000", "--sla-itl-ms", "500"];
    const { code, stdout } = await runCli(["recommend", ...made, ...bounds, ...search], { cwd });
    expect(stdout).toContain("asking for 100.0 % there");
    expect(stdout).toMatch(/windtunnel replay \\\n(  .*\\\n)*  --input-tokens 300 \\\n/);
    expect(stdout).not.toMatch(/failed/);
    expect(code).toBe(0);
  });

  test("says what keeps it from writing", async () => {
    const { code, stderr } = await ask("--policies", "static", "--runs", "1", "--out", "short.jsonl/x");
    expect(stderr).toBe("windtunnel: cannot write short.jsonl/x: a part of the path is not a directory\n");
    expect(code).toBe(1);
  });

  test("takes a budget of GPUs where no planner is given, and compares with the fleet that is", async () => {
    const search = ["--policies", "static,hpa", "--runs", "8", "--alternatives", "1", "--out", "budget", "--json"];
    const bounds = ["--sla-ttft-ms", "1500", "--sla-itl-ms", "50", "--attainment", "0.5", "--max-gpus", "5"];
    const engine = ["--extra-engine-args", join(examples, "guide-engine.json"), "--num-workers", "3"];
    const given = ["recommend", "short.jsonl", ...engine, ...bounds, ...search];
    const { code, stdout, stderr } = await runCli(given, { cwd });
    expect({ code, errors: stderr.match(/^windtunnel:.*$/gm) }).toEqual({ code: 0, errors: null });
    const { ranking, asGiven } = JSON.parse(stdout) as {
      ranking: { policy: string; options: { plannerConfig?: object } }[];
      asGiven: { policy: string; tuned: Part | null; options: object };
    };
    expect(asGiven).toMatchObject({ policy: "static", options: { numWorkers: 3 } });
    expect(asGiven.options).not.toHaveProperty("plannerConfig");
    expect(asGiven.tuned!.gpuHours).toBeGreaterThan(0);
    const scaled = ranking.filter(({ policy }) => policy === "hpa");
    expect(scaled.length).toBeGreaterThan(0);
    for (const { options } of scaled) expect(options.plannerConfig).toMatchObject({ max_gpu_budget: 5, mode: "agg" });
  });

  test("searches engines that fit a budget the ones as written do not fit", async () => {
    const aic = {
      aic_backend: "vllm",
      aic_system: "h200_sxm",
      aic_model_path: "meta-llama/Llama-3.1-8B",
      aic_tp_size: 4,
    };
    const engine = ["--extra-engine-args", JSON.stringify(aic), "--num-workers", "1"];
    const bounds = ["--sla-ttft-ms", "1500", "--attainment", "0.1", "--max-gpus", "2", "--tp", "1,2"];
    const search = ["--policies", "static", "--runs", "2", "--alternatives", "1", "--out", "smaller", "--json"];
    const given = ["recommend", "short.jsonl", ...engine, ...bounds, ...search];
    const { code, stdout, stderr } = await runCli(given, { cwd });
    expect({ code, errors: stderr.match(/^windtunnel:.*$/gm) }).toEqual({ code: 0, errors: null });
    const { ranking } = JSON.parse(stdout) as { ranking: { tensorParallel: number }[] };
    expect(ranking.length).toBeGreaterThan(0);
    for (const { tensorParallel } of ranking) expect([1, 2]).toContain(tensorParallel);
  });

  test("searches the sizes of --tp for a model too large for the one GPU its arguments do not say", async () => {
    const model = "meta-llama/Llama-3.1-70B-Instruct";
    const engine = { aic_backend: "vllm", aic_system: "h100_sxm", aic_model_path: model };
    const search = ["--policies", "static", "--runs", "2", "--alternatives", "1", "--out", "large", "--json"];
    const bounds = ["--sla-ttft-ms", "5000", "--attainment", "0.1", "--max-gpus", "8"];
    const recommend = (sizes: string, args: object) => {
      const given = ["--extra-engine-args", JSON.stringify(args), "--tp", sizes];
      return runCli(["recommend", "short.jsonl", ...given, ...bounds, ...search], { cwd });
    };
    const { code, stdout, stderr } = await recommend("4,8", engine);
    expect({ code, errors: stderr.match(/^windtunnel:.*$/gm) }).toEqual({ code: 0, errors: null });
    const { ranking } = JSON.parse(stdout) as { ranking: { tensorParallel: number }[] };
    for (const { tensorParallel } of ranking) expect([4, 8]).toContain(tensorParallel);
    // What no size mends is told as it was.
    expect((await recommend("1", engine)).stderr).toContain("does not fit on 1 × h100_sxm");
    expect((await recommend("4,8", { ...engine, aic_system: "h10" })).stderr).toContain("aic_system");
  });

  test("says that the setting as given is to be kept where nothing found is cheaper", async () => {
    const engine = ["--extra-engine-args", join(examples, "guide-engine.json")];
    const bounds = ["--sla-ttft-ms", "1500", "--sla-itl-ms", "50", "--attainment", "0.85"];
    const search = ["--policies", "static", "--runs", "12", "--alternatives", "2", "--out", "kept"];
    const given = ["recommend", "preset:conversation", ...engine, "--num-workers", "4", ...bounds, ...search];
    const { code, stdout } = await runCli(given, { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("**Keep the setting as given (static): nothing found holds for less.** It attains ");
    expect(stdout).toContain("--num-workers 4");
    const table = readFileSync(join(cwd, "kept/recommendation.md"), "utf8");
    expect(table).toMatch(/^\| 1 +\| +as given/m);
    expect(table).toMatch(/^\| 2 +\| +fixed fleet .* num_workers=4 +\|$/m);
    expect(table).not.toMatch(/^\| –/m);
  });

  test("tells what is missing or unknown before anything runs", async () => {
    const unbounded = await runCli(["recommend", "preset:chat", "--out", "nothing"], { cwd });
    expect(unbounded).toMatchObject({ code: 2 });
    expect(unbounded.stderr).toContain("what is to be held?");
    const wrong = await ask("--policies", "dynamo,kps", "--out", "nothing");
    expect(wrong.stderr).toContain('--policies: unknown policy "kps" (did you mean "kpa"?)');
    expect((await ask("--attainment", "90", "--out", "nothing")).stderr).toContain(
      '--attainment: found "90", expected a share',
    );
    expect((await ask("--tp", "16", "--out", "nothing")).stderr).toContain("which no topology of --tp fits into");
    expect(existsSync(join(cwd, "nothing"))).toBe(false);
  });
});
