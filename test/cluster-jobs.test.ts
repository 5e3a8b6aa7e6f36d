import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Job } from "kubernetes-models/batch/v1";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { runCli, scratchFolder } from "./run-cli.ts";

const program = join(import.meta.dirname, "../dist/cli/main.js");
const workload = ["--input-tokens", "300", "--output-tokens", "20", "--request-count", "50", "--request-rate", "20"];
/** Five runs in three shards; a value and a folder that a shell would take apart. */
const sweep = [...workload, "--vary", "engine.max_num_seqs=8:40:8", "--model-name", `it's $5 $(HOME) $$ "x"`];

/** A folder with programs of these names on the path of whoever runs in it. */
function withPrograms(programs: Readonly<Record<string, string>>): { cwd: string; env: NodeJS.ProcessEnv } {
  const cwd = scratchFolder();
  const bin = join(cwd, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
  return { cwd, env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` } };
}

const windtunnel = `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(program)} "$@"\n`;

/** Puts values in for `$(NAME)` as Kubernetes does: unknown names stay, `$$` is a plain `$`. */
function expandedByKubernetes(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(\$|\(([^)]*)\))/g, (found, next: string, name: string | undefined) =>
    next === "$" ? "$" : (environment[name!] ?? found),
  );
}

/** The command that a job's comment says puts the shards together. */
const mergeCommand = (text: string) => /^# +(windtunnel sweep merge .*)$/m.exec(text)![1]!;

async function sameAsUnsharded(cwd: string, out: string): Promise<void> {
  await runCli(["sweep", ...sweep, "--out", "whole"], { cwd });
  for (const file of ["results.jsonl", "results.csv"]) {
    expect(readFileSync(join(cwd, out, file), "utf8")).toBe(readFileSync(join(cwd, "whole", file), "utf8"));
  }
  expect(readFileSync(join(cwd, "whole/results.jsonl"), "utf8").trim().split("\n")).toHaveLength(5);
}

describe("--emit kubernetes-job", () => {
  test("prints a Job that the schema of batch/v1 accepts", async () => {
    const args = ["sweep", ...sweep, "--emit", "kubernetes-job", "--shards", "3", "--image", "lab/windtunnel:1"];
    const { code, stdout, stderr } = await runCli([...args, "--volume-claim", "mine"], { cwd: scratchFolder() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const manifest = parse(stdout) as ConstructorParameters<typeof Job>[0] & object;
    expect(() => new Job(manifest).validate()).not.toThrow();
    expect(manifest.spec).toMatchObject({ completionMode: "Indexed", completions: 3, parallelism: 3 });
    expect(manifest.spec!.template.spec).toMatchObject({
      containers: [{ image: "lab/windtunnel:1", workingDir: "/data" }],
      volumes: [{ persistentVolumeClaim: { claimName: "mine" } }],
    });
    // That the check would notice:
    const broken = structuredClone(manifest);
    Object.assign(broken.spec!, { completions: "three" });
    expect(() => new Job(broken).validate()).toThrow(/completions/);
  });

  test("whose pods together give the rows of one sweep", async () => {
    const { cwd, env } = withPrograms({ windtunnel });
    const args = ["sweep", ...sweep, "--emit", "kubernetes-job", "--shards=3", "--parallel", "1", "--out", "my sweep"];
    const { stdout } = await runCli(args, { cwd });
    const job = parse(stdout) as { spec: { template: { spec: { containers: [{ command: string[] }] } } } };
    for (const index of ["0", "1", "2"]) {
      const pod = { JOB_COMPLETION_INDEX: index, HOME: "wrong" };
      const [shell, ...rest] = job.spec.template.spec.containers[0].command.map((word) =>
        expandedByKubernetes(word, pod),
      );
      execFileSync(shell!, rest, { cwd, env: { ...env, ...pod } });
    }
    execFileSync("/bin/sh", ["-c", mergeCommand(stdout)], { cwd, env });
    await sameAsUnsharded(cwd, "my sweep");
  });
});

describe("--emit slurm-array", () => {
  test("prints a script whose tasks together give the rows of one sweep", async () => {
    const { cwd, env } = withPrograms({ windtunnel, srun: '#!/bin/sh\nexec "$@"\n' });
    const args = ["sweep", ...sweep, "--emit", "slurm-array", "--shards", "3", "--parallel=2", "--out=arrayed"];
    const { code, stdout } = await runCli(args, { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#!\/bin\/bash\n#SBATCH --job-name=.*\n#SBATCH --array=1-3\n#SBATCH --cpus-per-task=2\n/);
    const script = join(cwd, "job.sh");
    writeFileSync(script, stdout);
    expect(spawnSync("bash", ["-n", script])).toMatchObject({ status: 0 });
    for (const task of ["1", "2", "3"]) {
      execFileSync("bash", [script], { cwd, env: { ...env, SLURM_ARRAY_TASK_ID: task } });
    }
    execFileSync("/bin/sh", ["-c", mergeCommand(stdout)], { cwd, env });
    await sameAsUnsharded(cwd, "arrayed");
  });
});

test("the documentation shows what its commands print", async () => {
  const root = join(import.meta.dirname, "..");
  const page = readFileSync(join(root, "docs/sweeps-on-clusters.md"), "utf8");
  const commands = [...page.matchAll(/^windtunnel (sweep [^>]*--emit [^>]*) > /gm)].map(([, command]) => command!);
  const shown = [...page.matchAll(/^prints\n\n```\w+\n(.*?)```$/gms)].map(([, text]) => text);
  expect(commands).toHaveLength(2);
  for (const [place, command] of commands.entries()) {
    const { stdout } = await runCli(command.split(/[\s\\]+/), { cwd: root });
    expect(shown[place]).toBe(stdout);
  }
});

test("a sweep of few runs has as many shards, and options in short are not handed on to them", async () => {
  const args = ["sweep", ...workload, "--vary", "run.num_workers=1,2", "--emi", "slurm-array", "--para", "2"];
  const { stdout, stderr } = await runCli(args, { cwd: scratchFolder() });
  expect(stderr).toBe("");
  expect(stdout).toContain("#SBATCH --array=1-2\n");
  expect(stdout).toMatch(/run.num_workers=1,2 --quiet --parallel 2 \\\n {2}--shard "\$SLURM_ARRAY_TASK_ID\/2" /);
});

test.each([
  [["--emit", "nomad"], /--emit: found "nomad", expected kubernetes-job or slurm-array/],
  [["--emit", "slurm-array", "--shards", "6"], /--shards: found 6, expected at most 5/],
  [["--emit", "slurm-array", "--shard", "1/3"], /--shard: cannot be combined with --emit/],
  [["--emit", "slurm-array", "--dry-run"], /--emit: prints a job that runs the sweep; leave --dry-run out/],
  [["--shards", "3"], /--shards: needs --emit/],
  [["--emit", "slurm-array", "--driver", "bullmq", "--redis", "redis://localhost"], /--emit: makes shards/],
])("%j is refused", async (args, message) => {
  const { code, stdout, stderr } = await runCli(["sweep", ...sweep, ...args], { cwd: scratchFolder() });
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});
