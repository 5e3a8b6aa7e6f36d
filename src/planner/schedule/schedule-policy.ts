import * as z from "zod/mini";
import { orNull, realNumber, text, wholeNumber } from "../../config/fields.ts";
import type { Observation, Planner, PoolName, Targets } from "../planner.ts";
import { definePolicy } from "../policy-definition.ts";
import type { BuiltInContext, Knobs, KnobsOf } from "../policy-definition.ts";
import { boundReplicas } from "../replica-bounds.ts";
import { epochSecondsOf } from "./calendar.ts";
import { parseCron } from "./cron.ts";
import { timetableAt } from "./timetable.ts";
import type { TimetableEntry } from "./timetable.ts";

const entry = z.strictObject(
  {
    at_seconds: z.optional(realNumber({ min: 0 }, "Simulated second from which it holds.")),
    cron: z.optional(
      text("Crontab line of the times from which it holds: minute, hour, day of month, month, weekday."),
    ),
    replicas: wholeNumber({ min: 0 }, "Replicas from then on."),
  },
  "expected an object with replicas and one of at_seconds, cron",
);

const shape = {
  entries: z.array(entry, "expected a list").register(z.globalRegistry, {
    description: "When how many replicas hold: objects of replicas and one of at_seconds, cron. The last begun counts.",
  }),
  clock_start: text("Calendar time (UTC) of simulated second 0, for cron lines."),
  repeat_seconds: orNull(realNumber({ above: 0 }, "Period after which entries of at_seconds come again.")),
  lead_seconds: orNull(
    realNumber({ min: 0 }, "How long before its time an entry is acted on; null = the pool's start-up time."),
  ),
};

type ScheduleKnobs = Knobs<typeof shape>;

/**
 * Replicas by the clock, as KEDA's cron scaler or a scheduled scaling action has them: what an operator who knows the
 * daily pattern would write down. `lead_seconds` lets new replicas be ready when their time comes.
 */
export const schedulePolicy = definePolicy({
  title: "replicas by the clock: simulated seconds or crontab lines",
  shape,
  defaults: { entries: [], clock_start: "2024-01-01T00:00:00Z", repeat_seconds: null, lead_seconds: 0 },
  perPool: true,
  check: (knobs, _pool, _context, report) => {
    if (knobs.entries.length === 0) report("entries", "found none, expected at least one");
    if (epochSecondsOf(knobs.clock_start) === null) {
      report("clock_start", `found ${JSON.stringify(knobs.clock_start)}, expected a time like 2024-01-01T08:00:00Z`);
    }
    for (const [i, { at_seconds: atSeconds, cron }] of knobs.entries.entries()) {
      if ((atSeconds === undefined) === (cron === undefined)) {
        report(`entries[${i}]`, "expected exactly one of at_seconds and cron");
      } else if (cron !== undefined) {
        const parsed = parseCron(cron);
        if (typeof parsed === "string") report(`entries[${i}].cron`, parsed);
      }
    }
  },
  create: (knobsOf, context) => new SchedulePolicy(knobsOf, context),
});

interface PoolTimetable {
  readonly name: PoolName;
  readonly entries: readonly TimetableEntry[];
  readonly clockStart: number;
  readonly repeatSeconds: number | null;
  readonly leadSeconds: number;
}

class SchedulePolicy implements Planner {
  private readonly timetables: readonly PoolTimetable[];
  private readonly context: BuiltInContext;

  constructor(knobsOf: KnobsOf<typeof shape>, context: BuiltInContext) {
    this.context = context;
    this.timetables = context.pools.map(({ name, startupSeconds }) => {
      const knobs = knobsOf(name);
      return {
        name,
        entries: entriesOf(knobs),
        clockStart: epochSecondsOf(knobs.clock_start)!,
        repeatSeconds: knobs.repeat_seconds,
        leadSeconds: knobs.lead_seconds ?? startupSeconds,
      };
    });
  }

  firstTickSeconds(): number {
    return 0;
  }

  onTick({ nowSeconds, pools }: Observation): Targets {
    const sentences: string[] = [];
    const record: Record<string, number | null> = {};
    const wanted: Partial<Record<PoolName, number>> = {};
    let next = Infinity;
    for (const { name, entries, clockStart, repeatSeconds, leadSeconds } of this.timetables) {
      const state = timetableAt(entries, nowSeconds + leadSeconds, clockStart, repeatSeconds);
      const { activeIds, startingIds } = pools[name]!;
      wanted[name] = state.replicas ?? activeIds.length + startingIds.length;
      const of = this.timetables.length === 1 ? "" : ` ${name}`;
      sentences.push(
        state.replicas === null
          ? `No${of} entry of the schedule has begun.`
          : `The schedule has ${state.replicas}${of} replica${state.replicas === 1 ? "" : "s"} since ${state.since}.`,
      );
      record[of === "" ? "desired_replicas" : `${name}_desired_replicas`] = wanted[name];
      if (state.nextSeconds !== null) next = Math.min(next, state.nextSeconds - leadSeconds);
    }
    const bounds = this.context.pools.map(({ name, gpusPerWorker }) => ({
      name,
      gpusPerWorker,
      minReplicas: 0,
      maxReplicas: Infinity,
    }));
    const { replicas, reason } = boundReplicas(wanted, bounds, this.context.limits);
    return {
      replicas,
      nextTickSeconds: next === Infinity ? null : next,
      reason: [...sentences, reason].filter((sentence) => sentence !== "").join(" "),
      record,
    };
  }
}

function entriesOf({ entries }: ScheduleKnobs): TimetableEntry[] {
  return entries.map(({ at_seconds: atSeconds, cron, replicas }) => {
    if (atSeconds !== undefined) return { atSeconds, replicas };
    const parsed = parseCron(cron!);
    if (typeof parsed === "string") throw new Error(`crontab line ${JSON.stringify(cron)}: ${parsed}`);
    return { cron: parsed, line: cron!, replicas };
  });
}
