import * as z from "zod/mini";
import { realNumber, text, wholeNumber } from "../config/fields.ts";
import { fixedFleet } from "./fixed-fleet.ts";

const traceSchema = z.strictObject(
  {
    name: text("What the study calls it."),
    trace: z.union([text("Trace file, or preset:NAME."), z.array(text("Trace file."))], "expected a trace"),
    num_workers: z.optional(wholeNumber({ min: 0 }, "Workers a policy finds at the start.")),
    num_prefill_workers: z.optional(wholeNumber({ min: 0 }, "Prefill workers a policy finds at the start.")),
    num_decode_workers: z.optional(wholeNumber({ min: 0 }, "Decode workers a policy finds at the start.")),
  },
  "expected an object with name and trace",
);

const anyObject = z.record(z.string(), z.unknown(), "expected an object");

const policySchema = z.strictObject(
  {
    name: z.optional(text("What the study calls it; the policy's own name when absent.")),
    policy: text("A built-in policy, or the path of a module."),
    policy_config: z.optional(anyObject),
    planner_config: z.optional(anyObject),
  },
  "expected an object with policy",
);

const policyEntry = z.union([text("A policy's name."), policySchema], "expected a policy's name or an object");

const fleetExpected = 'expected a number of workers, or "3p1d" for three prefill workers and one decode worker';
const fleetSchema = z
  .union([z.number(), z.string()], fleetExpected)
  .check(z.refine((written) => fixedFleet(String(written)) !== null, fleetExpected));

/** A study's plan as it is written. */
export const studyPlanSchema = z.strictObject(
  {
    traces: z.array(traceSchema, "expected a list").check(z.minLength(1, "expected at least one trace")),
    policies: z.array(policyEntry, "expected a list").check(z.minLength(1, "expected at least one policy")),
    startup_times: z.optional(z.array(realNumber({ min: 0 }, "Seconds."), "expected a list")),
    seeds: z.optional(z.array(wholeNumber({ min: 0 }, "A seed."), "expected a list")),
    static_fleets: z.optional(z.array(fleetSchema, "expected a list")),
    sla_ttft_ms: realNumber({ above: 0 }, "Bound on the time to first token, ms."),
    sla_itl_ms: realNumber({ above: 0 }, "Bound on a request's mean inter-token latency, ms."),
    replay: z.optional(z.record(z.string(), z.unknown(), "expected the options of windtunnel replay by name")),
  },
  "expected a mapping",
);

/** A trace as a plan writes it. */
export type WrittenTrace = z.infer<typeof traceSchema>;
/** A policy as a plan writes it. */
export type WrittenPolicy = z.infer<typeof policyEntry>;

/** What of a plan that is not as it should be can be read all the same. */
export function soundParts(document: unknown): {
  readonly traces: readonly WrittenTrace[];
  readonly policies: readonly WrittenPolicy[];
  readonly replay: Readonly<Record<string, unknown>>;
} {
  const { traces, policies, replay } = (document ?? {}) as Readonly<Record<string, unknown>>;
  const options = anyObject.safeParse(replay);
  return {
    traces: sound(traceSchema, traces),
    policies: sound(policyEntry, policies),
    replay: options.success ? options.data : {},
  };
}

function sound<Schema extends z.ZodMiniType>(schema: Schema, list: unknown): z.infer<Schema>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item) => {
    const read = schema.safeParse(item);
    return read.success ? [read.data] : [];
  });
}
