import { expect, test } from "vitest";
import { sweepThroughAccidents } from "./queue-accidents.ts";
import { redisMissing } from "./redis-server.ts";

const workload = ["--input-tokens", "600", "--output-tokens", "40", "--request-count", "1000", "--request-rate", "20"];

test.skipIf(redisMissing !== null)(
  `200 runs on 3 workers survive a killed worker, a killed sweep and a restart of Redis${redisMissing === null ? "" : ` (${redisMissing})`}`,
  async () => {
    const sweep = [...workload, "--vary", "engine.max_num_seqs=8:207:1"];
    const { lines } = await sweepThroughAccidents(sweep, 200, ["kill a worker", "kill the sweep", "restart Redis"]);
    expect(lines).toHaveLength(200);
  },
  120_000,
);
