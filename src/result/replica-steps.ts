import type { PoolName } from "../planner/planner.ts";
import type { WorkerSpan } from "../simulation/outcome.ts";
import type { RunResult } from "./schema.ts";

type ReplicaSteps = RunResult["timeline"]["replicas"];
type State = "active" | "starting" | "draining";

/** How many workers of each pool were active, starting and draining, as exact steps over simulated time. */
export function replicaSteps(workers: readonly WorkerSpan[]): ReplicaSteps {
  const endNs = workers.reduce((latest, worker) => Math.max(latest, worker.goneNs), 0);
  const steps: ReplicaSteps = {};
  for (const pool of ["agg", "prefill", "decode"] as const satisfies readonly PoolName[]) {
    const changes = workers.filter((worker) => worker.pool === pool).flatMap((worker) => changesOf(worker, endNs));
    if (changes.length > 0) steps[pool] = accumulate(changes);
  }
  return steps;
}

interface Change {
  readonly atNs: number;
  readonly state: State;
  readonly by: 1 | -1;
}

function changesOf({ createdNs, readyNs, drainingNs, goneNs }: WorkerSpan, endNs: number): Change[] {
  const changes: Change[] = [];
  let state: State | null = null;
  const enter = (atNs: number, next: State | null) => {
    if (state !== null) changes.push({ atNs, state, by: -1 });
    if (next !== null) changes.push({ atNs, state: next, by: 1 });
    state = next;
  };
  enter(createdNs, "starting");
  if (readyNs <= goneNs) enter(readyNs, "active");
  if (drainingNs <= goneNs) enter(drainingNs, "draining");
  // Workers still there when the run ends did not go away then.
  if (goneNs < endNs) enter(goneNs, null);
  return changes;
}

function accumulate(changes: Change[]) {
  changes.sort((a, b) => a.atNs - b.atNs);
  const counts: Record<State, number> = { active: 0, starting: 0, draining: 0 };
  const steps = { t_s: [] as number[], active: [] as number[], starting: [] as number[], draining: [] as number[] };
  for (const [place, { atNs, state, by }] of changes.entries()) {
    counts[state] += by;
    if (changes[place + 1]?.atNs === atNs) continue;
    steps.t_s.push(atNs / 1e9);
    steps.active.push(counts.active);
    steps.starting.push(counts.starting);
    steps.draining.push(counts.draining);
  }
  return steps;
}
