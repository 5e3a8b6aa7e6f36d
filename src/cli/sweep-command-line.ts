import { Command, Option } from "commander";
import { ConfigError } from "../config/config-error.ts";
import type { ReplayOptions } from "../config/replay-options.ts";
import { AxisError, parseAxis } from "../sweep/axis.ts";
import type { KubernetesPlace } from "../sweep/cluster/kubernetes-job.ts";
import type { ShardedSweep } from "../sweep/cluster/sharded-sweep.ts";
import { withoutOptions } from "../sweep/cluster/shell-words.ts";
import type { PlanFile } from "../sweep/plan-file.ts";
import type { QueueSettings } from "../sweep/queue/queue-driver.ts";
import type { SweepDesign } from "../sweep/sweep-plan.ts";
import { windtunnelVersion } from "../version.ts";
import { OptionReader, outputFolder } from "./option-reader.ts";
import { parseWithReplayOptions } from "./replay-command-line.ts";
import { parallelFrom } from "./runs-at-a-time.ts";
import { whole } from "./whole-number.ts";
import { refuseReports, singleReports } from "./single-reports.ts";

/** A sweep's command line, its plan file taken in: what the command line says goes before the file. */
export interface SweepCommandLine {
  readonly replay: ReplayOptions;
  readonly design: SweepDesign;
  /** null = as many as this machine has cores. */
  readonly parallel: number | null;
  readonly out: string;
  /** Zero-based; null = everything. */
  readonly shard: { readonly index: number; readonly count: number } | null;
  readonly keepResults: boolean;
  readonly dryRun: boolean;
  readonly slaThreshold: number;
  /** Print what a cluster's scheduler takes instead of running anything; null = run. */
  readonly emit: EmittedJob | null;
  /** null = this machine does the runs. */
  readonly queue: Omit<QueueSettings, "out"> | null;
}

/** A job for a cluster, to be printed. */
export interface EmittedJob {
  readonly kind: "kubernetes-job" | "slurm-array";
  readonly sweep: Omit<ShardedSweep, "shards">;
  /** null = as many as are usual, but none without a run. */
  readonly shards: number | null;
  readonly place: KubernetesPlace;
}

interface OwnOptions {
  readonly plan?: string;
  readonly vary: readonly string[];
  readonly zip: readonly string[];
  readonly samples?: string;
  readonly sampling?: string;
  readonly repeats?: string;
  readonly parallel?: string;
  readonly out: string;
  readonly shard?: string;
  readonly keepResults?: boolean;
  readonly dryRun?: boolean;
  readonly threshold: string;
  readonly driver: string;
  readonly redis?: string;
  readonly queue?: string;
  readonly queueLength?: string;
  readonly traceStore?: string;
  readonly emit?: string;
  readonly shards?: string;
  readonly image?: string;
  readonly volumeClaim?: string;
}

const examples = `
Examples:
  windtunnel sweep trace.jsonl --planner-config planner.yaml --vary engine.startup_time=0:300:10 --out cold-start
  windtunnel sweep preset:conversation --vary run.num_workers=2:8:1 --sla-ttft-ms 1500 --sla-itl-ms 50
  windtunnel sweep merge shards/* --out all        # folders of --shard 1/4 … 4/4 put together
`;

function sweepCommand(): Command {
  const collect = (value: string, before: string[]) => [...before, value];
  return new Command("windtunnel sweep")
    .description("Run many replays with varied settings. Takes the options of windtunnel replay beside its own.")
    .option("--plan <FILE>", "YAML or JSON file with trace, replay options, vary, zip, samples, sampling, repeats")
    .option("--vary <KEY=RANGE>", "what to vary, e.g. engine.startup_time=0:300:10; repeat for more axes", collect, [])
    .option("--zip <KEYS>", "axes whose values go together instead of being crossed: KEY,KEY", collect, [])
    .option("--samples <N>", "draw N points instead of running the whole grid")
    .option("--sampling <HOW>", "how points are drawn: latin-hypercube or random (default: latin-hypercube)")
    .option("--repeats <N>", "runs of every point, each with a seed of its own (default: 1)")
    .option("--parallel <N>", "runs at a time (default: the cores of this machine)")
    .option("--out <DIR>", "folder of index.html, results.jsonl, results.csv and runs/", "windtunnel-sweep")
    .option("--shard <I/N>", "run only every N-th point, starting with the I-th (1/N … N/N)")
    .addOption(thresholdOption())
    .option("--keep-results", "write the full result and the page of every run to runs/")
    .option("--driver <NAME>", "what does the runs: local, or bullmq (workers behind a queue)", "local")
    .addOption(redisOption())
    .option("--queue <NAME>", "name of the queue; sweeps and workers of one name work together (default: windtunnel)")
    .option("--queue-length <N>", "runs of this sweep in the queue at a time (default: 1000)")
    .option("--trace-store <PLACE>", "folder or http(s) address that traces go through instead of Redis")
    .option("--emit <KIND>", "print a job that runs the sweep in shards: kubernetes-job or slurm-array")
    .option("--shards <N>", "shards of that job (default: 8, or one for each run where there are fewer)")
    .option("--image <NAME>", "container image of that job, with the windtunnel package")
    .option("--volume-claim <NAME>", "volume claim of that job, which holds the files (default: windtunnel-sweep)")
    .option("--dry-run", "list the runs and stop")
    .addHelpText("after", examples);
}

/**
 * @returns null when help was asked for and printed
 * @throws ConfigError, AxisError
 */
export async function parseSweepCommandLine(args: string[]): Promise<SweepCommandLine | null> {
  const given = parseWithReplayOptions(sweepCommand(), args, singleReports);
  if (given === null) return null;
  const own = given.own as unknown as OwnOptions;
  const options = new OptionReader();
  const plan = own.plan === undefined ? null : await options.readLater(() => readPlan(own.plan!));
  const planIsRead = !options.failed;
  const replay = { ...plan?.replay, ...given.replay };
  options.read(() => refuseReports(replay, "--keep-results writes the result and the page of every run to DIR/runs"));
  const commandLine = {
    replay,
    design: designOf(own, planIsRead ? plan : null, replay, options),
    parallel: options.read(() => parallelFrom(own.parallel)),
    out: options.read(() => outputFolder(own.out, "--out")),
    shard: options.read(() => (own.shard === undefined ? null : shardFrom(own.shard))),
    keepResults: own.keepResults === true,
    dryRun: own.dryRun === true,
    slaThreshold: options.read(() => thresholdFrom(own.threshold)),
    emit: options.read(() => emitOf(own, given.args)),
    queue: options.read(() => queueOf(own)),
  };
  // A plan that cannot be read may have some.
  if (planIsRead && commandLine.design.axes.length === 0) {
    options.read(() => {
      throw new AxisError("give at least one --vary KEY=RANGE, e.g. --vary engine.startup_time=0:300:10");
    });
  }
  options.throwIfAny();
  return commandLine;
}

/** Loaded only when there is a plan. */
async function readPlan(path: string): Promise<PlanFile> {
  const { readPlanFile } = await import("../sweep/plan-file.ts");
  return readPlanFile(path);
}

function designOf(own: OwnOptions, plan: PlanFile | null, replay: ReplayOptions, options: OptionReader): SweepDesign {
  const fresh = own.vary.map((text) => options.read(() => parseAxis(text)));
  const kept = plan?.axes.filter(({ key }) => !fresh.some((axis) => axis?.key === key)) ?? [];
  const { samples, sampling, repeats } = own;
  return {
    axes: [...kept, ...fresh],
    zipped: [...(plan?.zipped ?? []), ...own.zip.map((keys) => keys.split(",").map((key) => key.trim()))],
    samples: options.read(() => (samples === undefined ? (plan?.samples ?? null) : whole(samples, "--samples", 1))),
    sampling: options.read(() =>
      sampling === undefined ? (plan?.sampling ?? "latin-hypercube") : samplingOf(sampling),
    ),
    repeats: options.read(() => (repeats === undefined ? (plan?.repeats ?? 1) : whole(repeats, "--repeats", 1))),
    seed: replay.seed ?? 42,
  };
}

/** Where Redis is; in the environment it does not show in lists of processes. */
export function redisOption(): Option {
  return new Option(
    "--redis <URL>",
    "redis://[user:password@]host[:port][/database], rediss:// for TLS (default: the environment's WINDTUNNEL_REDIS)",
  );
}

/**
 * The address of Redis: what `--redis` says, else WINDTUNNEL_REDIS.
 * @throws ConfigError where neither says one
 */
export function redisUrl(given: string | undefined): string {
  const url = given ?? process.env["WINDTUNNEL_REDIS"];
  if (url !== undefined && url !== "") return url;
  const message = "say where Redis is, such as redis://localhost:6379, or set WINDTUNNEL_REDIS";
  throw new ConfigError([{ where: "--redis", message }]);
}

/** Options that are a machine's own, or the printed job's. */
const notOfShards = {
  valued: ["--emit", "--shards", "--image", "--volume-claim", "--out", "--parallel", "--threshold", "--driver"],
  switches: ["--quiet"],
};

function emitOf(own: OwnOptions, args: readonly string[]): EmittedJob | null {
  const { emit: kind, shards, image, volumeClaim } = own;
  if (kind === undefined) {
    const idle = Object.entries({ "--shards": shards, "--image": image, "--volume-claim": volumeClaim });
    refuse(idle, "needs --emit");
    return null;
  }
  if (kind !== "kubernetes-job" && kind !== "slurm-array") {
    throw new ConfigError([{ where: "--emit", message: `found "${kind}", expected kubernetes-job or slurm-array` }]);
  }
  refuse([["--shard", own.shard]], "cannot be combined with --emit, which makes all shards; --shards says how many");
  if (own.dryRun === true) refuse([["--emit", kind]], "prints a job that runs the sweep; leave --dry-run out");
  if (own.driver !== "local") refuse([["--emit", kind]], "makes shards, which need no queue; leave --driver out");
  return {
    kind,
    sweep: {
      args: withoutOptions(args, notOfShards),
      parallel: parallelFrom(own.parallel) ?? 4,
      out: own.out,
    },
    shards: shards === undefined ? null : whole(shards, "--shards", 1),
    place: {
      image: image ?? `YOUR-REGISTRY/windtunnel:${windtunnelVersion}`,
      volumeClaim: volumeClaim ?? "windtunnel-sweep",
    },
  };
}

/** @throws ConfigError when any of the options is given */
function refuse(options: ReadonlyArray<readonly [string, string | undefined]>, message: string): void {
  const given = options.filter(([, value]) => value !== undefined);
  if (given.length > 0) throw new ConfigError(given.map(([where]) => ({ where, message })));
}

/** The queue's options, which mean nothing without it. */
function queueOf(own: OwnOptions): SweepCommandLine["queue"] {
  if (own.driver === "local") {
    const given = { "--redis": own.redis, "--queue": own.queue, "--queue-length": own.queueLength };
    refuse(Object.entries({ ...given, "--trace-store": own.traceStore }), "needs --driver bullmq");
    return null;
  }
  if (own.driver !== "bullmq") {
    throw new ConfigError([{ where: "--driver", message: `found "${own.driver}", expected local or bullmq` }]);
  }
  refuse([["--parallel", own.parallel]], "is for runs on this machine; give it to windtunnel worker");
  return {
    url: redisUrl(own.redis),
    queue: own.queue ?? "windtunnel",
    length: whole(own.queueLength ?? "1000", "--queue-length", 1),
    traceStore: own.traceStore ?? null,
  };
}

function shardFrom(text: string): { index: number; count: number } {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (match === null || index < 1 || index > count) {
    throw new ConfigError([{ where: "--shard", message: `found "${text}", expected I/N with 1 ≤ I ≤ N such as 2/8` }]);
  }
  return { index: index - 1, count };
}

/** `--threshold`, of sweeps and of merged ones. */
export function thresholdOption(): Option {
  return new Option("--threshold <SHARE>", "SLA attainment below which the page speaks of a cliff").default("0.9");
}

/**
 * What `--threshold` says: a share above 0 and up to 1.
 * @throws ConfigError
 */
export function thresholdFrom(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new ConfigError([
    { where: "--threshold", message: `found "${text}", expected a share above 0 and up to 1 such as 0.9` },
  ]);
}

function samplingOf(text: string): SweepDesign["sampling"] {
  if (text === "random" || text === "latin-hypercube") return text;
  throw new ConfigError([{ where: "--sampling", message: `found "${text}", expected latin-hypercube or random` }]);
}
