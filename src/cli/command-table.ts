import type { CommandModule } from "./command-module.ts";

/** A command of the program; its code is loaded only when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** All commands, in the order help shows them. */
export const commands: readonly CommandEntry[] = [
  {
    name: "replay",
    summary: "replay a trace through simulated engines and print its latencies",
    load: () => import("./commands/replay.ts"),
  },
  {
    name: "report",
    summary: "draw the page of a result that was written before",
    load: () => import("./commands/report.ts"),
  },
  {
    name: "compare",
    summary: "compare results: a table, and a page that lays them over each other",
    load: () => import("./commands/compare.ts"),
  },
  {
    name: "sweep",
    summary: "do many replays with varied settings, on all cores, resumable",
    load: () => import("./commands/sweep.ts"),
  },
  {
    name: "study",
    summary: "set autoscaling policies side by side on traces and start-up times",
    load: () => import("./commands/study.ts"),
  },
  {
    name: "recommend",
    summary: "search policies, knobs and topologies for the cheapest setting that holds an SLA",
    load: () => import("./commands/recommend.ts"),
  },
  {
    name: "worker",
    summary: "do the runs of sweeps from a queue on Redis, on any number of machines",
    load: () => import("./commands/worker.ts"),
  },
  {
    name: "trace",
    summary: "inspect, convert and generate traces",
    load: () => import("./commands/trace.ts"),
  },
  {
    name: "perf",
    summary: "price passes, check the performance models, calibrate them to measurements",
    load: () => import("./commands/perf.ts"),
  },
  {
    name: "schema",
    summary: "print a JSON Schema: of results, or of what a JSON|PATH option takes",
    load: () => import("./commands/schema.ts"),
  },
];
