import * as z from "zod/mini";
import { choice, orNull, realNumber, text, truth, wholeNumber } from "./fields.ts";

const failure = z.union(
  [
    z.string().check(z.minLength(1)),
    z.strictObject({
      at: z.union([z.number(), z.string()], 'expected a time such as "600s" or "10:00"'),
      pool: z.optional(choice(["agg", "prefill", "decode"], "Pool of the worker.")),
      worker: wholeNumber({ min: 0 }, "Id of the worker."),
    }),
  ],
  'expected text such as "600s:agg:0" or an object with at, pool and worker',
);

/** What goes wrong with workers (docs/replay.md); missing keys mean that nothing does. */
export const faultConfigSchema = z.strictObject({
  failures: z.optional(
    z.array(failure, "expected a list of failures").register(z.globalRegistry, {
      description:
        'Workers that fail: "600s:agg:0" (time, pool, id of the worker). A time is seconds, minutes or hours (90s, 10m, 1.5h) of the run, or a clock time (10:00, 10:00:30).',
    }),
  ),
  mean_time_between_failures_s: z.optional(
    orNull(realNumber({ above: 0 }, "Every worker fails after an exponentially distributed time with this mean, s.")),
  ),
  restart: z.optional(truth("A failed worker is replaced by a new one, which starts up (default true).")),
  restart_delay_s: z.optional(realNumber({ min: 0 }, "Time before the replacement begins to start, s (default 0).")),
  migration_limit: z.optional(
    wholeNumber(
      { min: 0, max: 255 },
      "How often a request whose worker fails goes on elsewhere with the tokens it has (default 0: it fails).",
    ),
  ),
  startup_variation: z.optional(
    realNumber(
      { min: 0, max: 10 },
      "Coefficient of variation of start-up times, log-normal around startup_time (default 0).",
    ),
  ),
  slow_start_share: z.optional(realNumber({ min: 0, max: 1 }, "Share of start-ups that are slow (default 0).")),
  slow_start_factor: z.optional(
    realNumber({ min: 1 }, "How many times as long as usual a slow start-up takes (default 5)."),
  ),
  clock_start: z.optional(
    orNull(
      text('Clock time at which the run begins, such as "09:30"; needed for clock times where the trace has none.'),
    ),
  ),
});

/** A fault configuration that has passed the schema; nothing is filled in. */
export type GivenFaultConfig = z.infer<typeof faultConfigSchema>;
