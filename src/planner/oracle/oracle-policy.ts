import { realNumber, wholeNumber } from "../../config/fields.ts";
import type { Observation, Planner, Rehearsal, Targets } from "../planner.ts";
import { definePolicy } from "../policy-definition.ts";
import { checkReplicaKnobs, replicaDefaults, replicaKnobs } from "../replica-knobs.ts";
import { ScheduleFollower } from "./replica-schedule.ts";
import { searchSchedule } from "./schedule-search.ts";
import type { SearchTerms } from "./schedule-search.ts";

/** Knows the trace: follows the cheapest replica schedule that was found to keep a goal. What others are measured by. */
export const oraclePolicy = definePolicy({
  title: "knows the trace: the cheapest replica schedule found for a given attainment",
  shape: {
    goal: realNumber(
      { above: 0, max: 1 },
      "Share of the requests within the SLA to keep, of what the largest fleet keeps.",
    ),
    segment_seconds: realNumber({ min: 1 }, "Seconds between possible changes of the fleet."),
    rehearsals: wholeNumber({ min: 1 }, "Most schedules tried; each is a whole run."),
    ...replicaKnobs,
  },
  defaults: { goal: 0.97, segment_seconds: 60, rehearsals: 60, ...replicaDefaults },
  perPool: false,
  usesSla: true,
  check: (knobs, pool, context, report) => {
    if (pool !== "agg") report("", "the oracle plans aggregated runs only");
    checkReplicaKnobs(knobs, pool, context, report);
  },
  create: (knobsOf, { pools, limits, sla }) => {
    const [pool] = pools;
    const { goal, segment_seconds: segmentSeconds, rehearsals, min_replicas, max_replicas } = knobsOf("agg");
    const affordable = limits.maxGpus === null ? Infinity : Math.floor(limits.maxGpus / pool!.gpusPerWorker);
    return new OraclePlanner({
      goal,
      segmentSeconds,
      rehearsals,
      sla,
      startupSeconds: pool!.startupSeconds,
      initialReplicas: pool!.replicas,
      least: Math.max(1, min_replicas ?? limits.minReplicas),
      most: Math.min(max_replicas ?? Infinity, affordable),
    });
  },
});

class OraclePlanner implements Planner {
  private readonly terms: SearchTerms;
  private follower: ScheduleFollower | null = null;
  private found: Readonly<Record<string, number>> = {};

  constructor(terms: SearchTerms) {
    this.terms = terms;
  }

  foresee(rehearsal: Rehearsal): void {
    const { segmentSeconds, startupSeconds } = this.terms;
    const { best, wantedMet, ceilingMet, rehearsals } = searchSchedule(rehearsal, this.terms);
    this.found = {
      planned_requests_met: best.met,
      wanted_requests_met: Math.ceil(wantedMet),
      ceiling_requests_met: ceilingMet,
      planned_gpu_hours: best.gpuSeconds / 3600,
      rehearsals,
    };
    this.follower = new ScheduleFollower({ segmentSeconds, replicas: best.replicas }, startupSeconds);
  }

  firstTickSeconds(): number {
    return 0;
  }

  onTick(observation: Observation): Targets {
    if (this.follower === null) throw new Error("the oracle was not shown the run beforehand");
    return { ...this.follower.onTick(observation), record: this.found };
  }
}
