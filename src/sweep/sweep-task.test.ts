import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../test/run-cli.ts";
import { traceText } from "../../test/small-run.ts";
import type { ReplayOptions } from "../config/replay-options.ts";
import { openTrace } from "../trace/open-trace.ts";
import { runSweepTask } from "./sweep-task.ts";

const point = { index: 2, values: {}, repeat: 0 };

async function rowFor(options: ReplayOptions) {
  const text = traceText([0, 50, 100].map((at) => ({ at, input: 512, output: 4 })));
  const stdin = Readable.from([Buffer.from(text)]);
  const trace = await openTrace("-", { stdin, arrivals: "optional", engineBlockSize: 64 });
  return runSweepTask({ run: "key", point, options }, trace);
}

describe("the row of a run", () => {
  test("that went well has its figures", async () => {
    const { row, result } = await rowFor({ trace: ["-"] });
    expect(row).toMatchObject({ run: "key", ...point, error: null });
    expect(row.figures).toMatchObject({ completed_requests: 3, digest: result!.digest });
  });

  test("whose policy failed says so, and has no figures", async () => {
    const policy = join(scratchFolder(), "policy.mjs");
    writeFileSync(
      policy,
      "export default { firstTickSeconds: () => 0.03, onTick() { throw new Error('no idea'); } };\n",
    );
    const { row, result } = await rowFor({ trace: ["-"], policy });
    expect(row).toMatchObject({ run: "key", ...point, figures: null });
    expect(row.error).toMatch(/no idea/);
    expect(result!.ended_early).toMatchObject({ kind: "planner_error" });
  });

  test("that could not begin says why", async () => {
    const { row, result } = await rowFor({ trace: ["-"], numWorkers: 0 });
    expect(row).toMatchObject({ figures: null, error: expect.stringContaining("--num-workers") as string });
    expect(result).toBeNull();
  });
});
