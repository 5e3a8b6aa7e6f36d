import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SweepRow } from "../src/sweep/sweep-row.ts";
import { redisMissing, RedisServer } from "./redis-server.ts";
import { runCli, scratchFolder } from "./run-cli.ts";
import { StartedProcess, until } from "./started-process.ts";

const small = ["--input-tokens", "600", "--output-tokens", "40", "--request-count", "400", "--request-rate", "20"];
const bounds = ["--sla-ttft-ms", "300", "--sla-itl-ms", "20"];

const studyPlan = `traces: [{ name: synthetic, trace: preset:synthetic, num_workers: 2 }]
policies: [static]
seeds: [${Array.from({ length: 40 }, (_, seed) => seed).join(", ")}]
sla_ttft_ms: 1500
sla_itl_ms: 50
replay: { extra_engine_args: { num_gpu_blocks: 4096, block_size: 64 } }
`;

const commands: Readonly<Record<string, readonly string[]>> = {
  sweep: ["sweep", ...small, "--vary", "run.seed=1:60:1", "--parallel", "2", "--out", "o"],
  study: ["study", "--plan", "study.yaml", "--parallel", "2", "--out", "o"],
  recommend: ["recommend", "preset:synthetic", ...bounds, "--num-workers", "1", "--parallel", "2", "--out", "o"],
};

const linesOf = (cwd: string): string[] => {
  const path = join(cwd, "o/results.jsonl");
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text.split("\n").slice(0, -1);
};

/** Starts a command and waits until some of its rows are on the disk. */
async function underWay(args: readonly string[]): Promise<{ cwd: string; process: StartedProcess }> {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "study.yaml"), studyPlan);
  const process = new StartedProcess(args, cwd);
  await until(() => linesOf(cwd).length >= 3 || !process.running, `rows of ${args[0]}`);
  if (!process.running) throw new Error(`ended by itself: ${process.stderr}`);
  return { cwd, process };
}

describe.each(Object.keys(commands))("%s", (name) => {
  test("stops at Ctrl-C, keeps what is finished and says how to go on", async () => {
    const { cwd, process } = await underWay(commands[name]!);
    expect(await process.end("SIGINT")).toBe(130);
    expect(process.stderr).toMatch(/windtunnel: interrupted; .* in o, the same command goes on from there\n/);
    const rows = linesOf(cwd).map((line) => JSON.parse(line) as SweepRow);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    // A run that was ended is no run that failed.
    expect(rows.filter(({ error }) => error !== null)).toEqual([]);
  });

  test("ends at once at a second one, every finished row whole", async () => {
    const { cwd, process } = await underWay(commands[name]!);
    process.signal("SIGINT");
    expect(await process.end("SIGINT")).toBe(130);
    const lines = linesOf(cwd);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) expect((JSON.parse(line) as SweepRow).figures).not.toBeNull();
  });
});

test("a recommendation goes on from the rows of an interrupted one", async () => {
  const { cwd, process } = await underWay(commands["recommend"]!);
  await process.end("SIGINT");
  const before = linesOf(cwd);
  const few = ["--runs", "12", "--policies", "static"];
  const { code } = await runCli([...commands["recommend"]!, ...few], { cwd });
  expect(code).toBe(0);
  const after = linesOf(cwd);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(new Set(after.map((line) => (JSON.parse(line) as SweepRow).run)).size).toBe(after.length);
});

describe.skipIf(redisMissing !== null)(
  `a stop that takes long${redisMissing === null ? "" : ` (${redisMissing})`}`,
  () => {
    let redis: RedisServer | null = null;
    afterAll(() => redis?.end());

    test("is told of, and a second Ctrl-C does not wait for it", async () => {
      redis = await RedisServer.start();
      const cwd = scratchFolder();
      const queue = ["--driver", "bullmq", "--redis", redis.url];
      const sweep = new StartedProcess(["sweep", ...small, "--vary", "run.seed=1:60:1", ...queue, "--out", "o"], cwd);
      await sweep.said(/no worker of version/);
      redis.freeze();
      sweep.signal("SIGINT");
      await sweep.said(/windtunnel: stopping; finished runs are kept, once more ends at once\n/);
      expect(await sweep.end("SIGINT")).toBe(130);
      expect(sweep.stderr).not.toContain("interrupted; ");
    });
  },
);

describe.skipIf(spawnSync("mkfifo", ["--version"]).status !== 0)("a pipe that nobody writes to", () => {
  test.each(["replay", "sweep"])("does not keep %s from stopping", async (command) => {
    const cwd = scratchFolder();
    expect(spawnSync("mkfifo", ["trace.jsonl"], { cwd }).status).toBe(0);
    // Signals that come before the program listens end it, too: it is made to say when it does.
    const listens = 'process.on("newListener", (name) => name === "SIGINT" && process.stderr.write("listens\\n"))';
    const process = new StartedProcess(
      [command, "trace.jsonl", ...(command === "sweep" ? ["--vary", "run.num_workers=1,2", "--out", "o"] : [])],
      cwd,
      { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(listens)}` },
    );
    await process.said(/listens/);
    // However soon it gets to the pipe, it does not get any further.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(process.running).toBe(true);
    expect(await process.end("SIGINT")).toBe(130);
  });
});
