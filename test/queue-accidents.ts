import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { RedisServer } from "./redis-server.ts";
import { runCli, scratchFolder } from "./run-cli.ts";
import { StartedProcess, until } from "./started-process.ts";

/** What happens to a sweep on the way; each once its share of the runs is on the disk. */
export type Accident = "kill a worker" | "kill the sweep" | "restart Redis" | "stop a worker";

/** Whole lines of the results so far. */
export function finishedLines(out: string): string[] {
  const path = join(out, "results.jsonl");
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "");
}

/**
 * Runs a sweep on three workers of a Redis of its own, lets accidents happen evenly spread over it, and checks that no
 * finished row is lost, none is there twice, and that in the end the bytes are those of a serial sweep.
 * @param sweep the sweep's own arguments
 * @returns the folder it ran in, with the results in queue/ and serial/, and the rows
 */
export async function sweepThroughAccidents(
  sweep: readonly string[],
  runs: number,
  accidents: readonly Accident[],
): Promise<{ readonly cwd: string; readonly lines: readonly string[] }> {
  const cwd = scratchFolder();
  const out = join(cwd, "queue");
  const redis = await RedisServer.start();
  const started: StartedProcess[] = [];
  const start = (args: readonly string[]) => {
    const process = new StartedProcess(args, cwd);
    started.push(process);
    return process;
  };
  const startWorker = () => start(["worker", "--redis", redis.url, "--parallel", "1", "--stalled-after", "1"]);
  const command = [
    "sweep",
    ...sweep,
    "--driver",
    "bullmq",
    "--redis",
    redis.url,
    "--queue-length",
    "60",
    "--out",
    "queue",
  ];
  try {
    const workers = [startWorker(), startWorker(), startWorker()];
    await Promise.all(workers.map((worker) => worker.said(/ runs? at a time/)));
    let submitter = start(command);
    const kept = new Set<string>();
    for (const [place, accident] of accidents.entries()) {
      const share = Math.ceil((runs * (place + 1)) / (accidents.length + 2));
      await until(() => finishedLines(out).length >= share, `${share} rows before it comes to: ${accident}`);
      expect(submitter.running, `${accident}: ${submitter.stderr}`).toBe(true);
      if (accident === "kill a worker") await workers.shift()!.end("SIGKILL");
      if (accident === "stop a worker") expect(await workers.shift()!.end("SIGTERM")).toBe(0);
      if (accident.endsWith("a worker")) workers.push(startWorker());
      if (accident === "kill the sweep") {
        await submitter.end("SIGKILL");
        submitter = start(command);
      }
      if (accident === "restart Redis") {
        await redis.end("SIGKILL");
        await redis.begin();
      }
      for (const line of finishedLines(out)) kept.add(line);
    }
    expect(await submitter.ended, submitter.stderr).toBe(0);
    const lines = finishedLines(out);
    expect(lines).toHaveLength(runs);
    expect(new Set(lines).size).toBe(runs);
    expect(kept.size).toBeGreaterThan(runs / 3);
    for (const line of kept) expect(lines).toContain(line);
    for (const worker of workers) expect(worker.running).toBe(true);

    expect(await runCli(["sweep", ...sweep, "--parallel", "1", "--out", "serial"], { cwd })).toMatchObject({ code: 0 });
    expect(lines).toEqual(finishedLines(join(cwd, "serial")));
    return { cwd, lines };
  } finally {
    for (const process of started) if (process.running) await process.end("SIGKILL");
    await redis.end();
  }
}
