import { join } from "node:path";
import { expect, test } from "vitest";
import { finishedLines, sweepThroughAccidents, type Accident } from "./queue-accidents.ts";
import { redisMissing } from "./redis-server.ts";
import { runCli } from "./run-cli.ts";

const workload = ["--input-tokens", "600", "--output-tokens", "40", "--request-count", "3000", "--request-rate", "20"];

test.skipIf(redisMissing !== null)(
  `600 runs survive ten accidents, with the rows of a serial, a parallel and a sharded sweep${redisMissing === null ? "" : ` (${redisMissing})`}`,
  async () => {
    const sweep = [...workload, "--vary", "engine.max_num_seqs=8:207:1", "--vary", "run.num_workers=1,2,4"];
    const round: Accident[] = ["kill a worker", "kill the sweep", "restart Redis"];
    const { cwd, lines } = await sweepThroughAccidents(sweep, 600, [...round, ...round, "stop a worker", ...round]);
    await runCli(["sweep", ...sweep, "--parallel", "3", "--out", "parallel"], { cwd });
    expect(finishedLines(join(cwd, "parallel"))).toEqual(lines);
    const shards = ["1", "2", "3"];
    for (const shard of shards) {
      await runCli(["sweep", ...sweep, "--shard", `${shard}/3`, "--out", `shard-${shard}`], { cwd });
    }
    await runCli(["sweep", "merge", ...shards.map((shard) => `shard-${shard}`), "--out", "merged"], { cwd });
    expect(finishedLines(join(cwd, "merged"))).toEqual(lines);
  },
);
