import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { finishedLines } from "./queue-accidents.ts";
import { runCli, scratchFolder } from "./run-cli.ts";

const program = join(import.meta.dirname, "../dist/cli/main.js");
const small = ["--input-tokens", "100", "--output-tokens", "5", "--request-count", "20", "--request-rate", "20"];

/** Runs the program with a small disk of its own as folder `disk`, whose content is left in `kept`. */
function withSmallDisk(kilobytes: number, args: readonly string[], cwd: string) {
  mkdirSync(join(cwd, "disk"), { recursive: true });
  const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs disk && { "$@"; code=$?; cp -r disk/. kept; exit $code; }`;
  const command = ["-rm", "sh", "-c", script, "sh", process.execPath, program, ...args];
  return spawnSync("unshare", command, { cwd, encoding: "utf8" });
}

const diskMissing =
  spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]).status === 0
    ? null
    : "needs the right to mount a small disk (unshare -rm)";

describe.skipIf(diskMissing !== null)(`a full disk${diskMissing === null ? "" : ` (${diskMissing})`}`, () => {
  test("ends a sweep with its reason and all rows that fitted; elsewhere it goes on from there", async () => {
    const cwd = scratchFolder();
    const args = ["sweep", ...small, "--vary", "engine.max_num_seqs=8:157:1", "--out"];
    mkdirSync(join(cwd, "kept"));
    const { status, stderr } = withSmallDisk(96, [...args, "disk"], cwd);
    expect(stderr).toBe("windtunnel: cannot write disk/results.jsonl: no space left on the device\n");
    expect(status).toBe(1);
    const before = finishedLines(join(cwd, "kept"));
    expect(before.length).toBeGreaterThan(50);
    expect(before.length).toBeLessThan(150);
    for (const line of before) expect(() => JSON.parse(line) as unknown).not.toThrow();

    cpSync(join(cwd, "kept"), join(cwd, "o"), { recursive: true });
    const again = await runCli([...args, "o"], { cwd });
    expect(again.stdout).toContain(`150 runs done, ${before.length} of them from before, 0 failed`);
    expect(finishedLines(join(cwd, "o"))).toEqual(expect.arrayContaining(before));
    expect(finishedLines(join(cwd, "o"))).toHaveLength(150);
  });

  test("is told before anything runs when even the rows cannot fit", () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "kept"));
    const args = ["sweep", ...small, "--vary", "engine.max_num_seqs=1:1000:1", "--out", "disk"];
    const { status, stderr } = withSmallDisk(96, args, cwd);
    expect(stderr).toMatch(/^windtunnel: cannot write disk: \d+ kB are free, too little for the rows of 1000 runs\n$/);
    expect(status).toBe(1);
    expect(finishedLines(join(cwd, "kept"))).toEqual([]);
  });

  test("fails no run of which only the full result did not fit", () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "kept"));
    const args = ["sweep", ...small, "--vary", "engine.max_num_seqs=8:57:1", "--keep-results", "--out", "disk"];
    const { status, stderr } = withSmallDisk(1024, args, cwd);
    expect(stderr).toMatch(
      /^windtunnel: cannot write disk\/runs\/[0-9a-f]{24}\.(html|json): no space left on the device\n$/,
    );
    expect(status).toBe(1);
    const rows = finishedLines(join(cwd, "kept")).map((line) => JSON.parse(line) as { run: string; error: unknown });
    expect(rows.map(({ error }) => error)).toEqual(rows.map(() => null));
    const files = readdirSync(join(cwd, "kept/runs"));
    for (const { run } of rows) expect(files).toEqual(expect.arrayContaining([`${run}.html`, `${run}.json`]));
    expect(files.filter((file) => file.includes("partial"))).toEqual([]);
  });
});
