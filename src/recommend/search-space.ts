import { defaultPolicy, policyLoaders } from "../planner/policies.ts";

/** One quantity a search may turn: a dotted key of a run's options and its values, in order from one extreme to the other. */
export interface Dimension {
  /** `policy.X` a knob of the policy, `planner.X` a key of the planner configuration, `run.X` an option of the replay. */
  readonly key: string;
  readonly values: readonly unknown[];
}

/** Settings that are searched together: a policy on a topology. */
export interface Family {
  readonly policy: string;
  readonly topology: "agg" | "disagg";
  /** GPUs of a worker (tensor parallel size). */
  readonly tensorParallel: number;
  readonly dimensions: readonly Dimension[];
}

/** What is searched. */
export interface SearchQuestion {
  readonly policies: readonly string[];
  readonly topologies: readonly Family["topology"][];
  readonly tensorParallel: readonly number[];
  /** Most GPUs at a time. */
  readonly maxGpus: number;
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
}

/** Policies that can be recommended: all but those that need a timetable or know the future. */
export function recommendable(): string[] {
  return [defaultPolicy, ...Object.keys(policyLoaders).filter((name) => name !== "schedule" && name !== "oracle")];
}

/** Every policy on every topology, with what of it can be turned. */
export async function searchFamilies(question: SearchQuestion): Promise<Family[]> {
  const families: Family[] = [];
  for (const policy of question.policies) {
    const own = await policyDimensions(policy, question);
    for (const topology of question.topologies) {
      for (const tensorParallel of question.tensorParallel) {
        const most = Math.floor(question.maxGpus / tensorParallel);
        if (most < (topology === "agg" ? 1 : 2)) continue;
        const dimensions = policy === "static" ? fleetSizes(topology, most) : [...own, ...floors(topology, most)];
        families.push({ policy, topology, tensorParallel, dimensions });
      }
    }
  }
  return families;
}

async function policyDimensions(policy: string, { ttftMs, itlMs }: SearchQuestion): Promise<Dimension[]> {
  const tighter = (key: string, boundMs: number | null): Dimension[] =>
    boundMs === null ? [] : [{ key, values: [1, 0.75, 0.5, 0.35, 0.25].map((share) => boundMs * share) }];
  const bounds = [...tighter("planner.ttft_ms", ttftMs), ...tighter("planner.itl_ms", itlMs)];
  if (policy === defaultPolicy) {
    return [
      ...bounds,
      { key: "planner.load_scaling_down_sensitivity", values: [90, 80, 60, 40, 20] },
      { key: "planner.load_adjustment_interval_seconds", values: [5, 10, 20, 30] },
      { key: "planner.throughput_adjustment_interval_seconds", values: [60, 120, 180, 300, 600] },
    ];
  }
  const { tunable, usesSla } = await policyLoaders[policy]!();
  const knobs = Object.entries(tunable).map(([key, values]) => ({ key: `policy.${key}`, values }));
  return usesSla ? [...knobs, ...bounds] : knobs;
}

function fleetSizes(topology: Family["topology"], most: number): Dimension[] {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
  return topology === "agg"
    ? [{ key: "run.numWorkers", values: upTo(most) }]
    : [
        { key: "run.numPrefillWorkers", values: upTo(most - 1) },
        { key: "run.numDecodeWorkers", values: upTo(most - 1) },
      ];
}

/** The least replicas of a pool: what is there before anything happens. */
function floors(topology: Family["topology"], most: number): Dimension[] {
  const pools = topology === "agg" ? 1 : 2;
  const values = [1, 2, 3, 4, 5, 6].filter((count) => count * pools <= most);
  return values.length > 1 ? [{ key: "planner.min_endpoint", values }] : [];
}
