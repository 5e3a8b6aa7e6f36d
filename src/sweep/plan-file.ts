import * as z from "zod/mini";
import { ProblemList } from "../config/config-error.ts";
import { loadDocument } from "../config/document.ts";
import { choice, text, wholeNumber } from "../config/fields.ts";
import { suggestion } from "../config/nearest-name.ts";
import { replayOptions } from "../config/replay-option-table.ts";
import { optionKey, type ReplayOptions } from "../config/replay-options.ts";
import { validate } from "../config/validate.ts";
import { AxisError, parseRange, type Axis } from "./axis.ts";

/** A sweep as a YAML or JSON file describes it; what it leaves out is undefined. */
export interface PlanFile {
  readonly replay: ReplayOptions;
  readonly axes: readonly Axis[];
  readonly zipped: ReadonlyArray<readonly string[]>;
  readonly samples?: number | undefined;
  readonly sampling?: "random" | "latin-hypercube" | undefined;
  readonly repeats?: number | undefined;
}

const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()], "expected a number, text, true, false or null");
const range = z.union(
  [z.number(), z.string(), z.boolean(), z.array(scalar)],
  'expected a list of values, or a range such as "0:300:10"',
);

const schema = z.strictObject(
  {
    trace: z.optional(
      z.union(
        [text("Trace file, or preset:NAME."), z.array(text("Trace file."))],
        "expected a trace file, preset:NAME or a list of files",
      ),
    ),
    replay: z.optional(z.record(z.string(), z.unknown(), "expected the options of windtunnel replay by name")),
    vary: z.record(z.string(), range, "expected KEY: RANGE for every varied quantity"),
    zip: z.optional(
      z.array(z.array(text("A key of vary."), "expected a list of keys"), "expected a list of lists of keys"),
    ),
    samples: z.optional(wholeNumber({ min: 1 }, "Points to draw instead of the whole grid.")),
    sampling: z.optional(choice(["random", "latin-hypercube"], "How points are drawn.")),
    repeats: z.optional(wholeNumber({ min: 1 }, "Runs of every point.")),
  },
  "expected a mapping",
);

/**
 * Reads a sweep's plan: YAML or JSON, inline or a path. `replay` takes the options of `windtunnel replay`
 * by their flags (num_workers or num-workers); its documents may be written out in place.
 * @throws ConfigError with every mistake found
 */
export async function readPlanFile(given: string): Promise<PlanFile> {
  const problems = new ProblemList();
  const document = await loadDocument(given, "--plan", problems);
  problems.throwIfAny();
  const plan = validate(schema, document, "--plan", problems);
  const { replay: options = {}, vary } = plan ?? readableParts(document);
  const replay = replayFrom(options, "--plan replay", problems);
  const axes = Object.entries(vary).flatMap(([key, value]) => axisFrom(key, value, problems) ?? []);
  problems.throwIfAny();
  return {
    replay: plan!.trace === undefined ? replay : { ...replay, trace: plan!.trace },
    axes,
    zipped: plan!.zip ?? [],
    samples: plan!.samples,
    sampling: plan!.sampling,
    repeats: plan!.repeats,
  };
}

/** What of a plan with mistakes can be looked at for more of them. */
function readableParts(document: unknown): Pick<z.infer<typeof schema>, "replay" | "vary"> {
  const { replay, vary } = (document ?? {}) as Readonly<Record<string, unknown>>;
  const ranges = Object.entries(isMapping(vary) ? vary : {}).flatMap(([key, value]) => {
    const read = range.safeParse(value);
    return read.success ? [[key, read.data] as const] : [];
  });
  return { ...(isMapping(replay) ? { replay } : {}), vary: Object.fromEntries(ranges) };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Options of a replay by their flags, `_` for `-` allowed; unknown ones go to `problems`. */
export function replayFrom(
  given: Readonly<Record<string, unknown>>,
  where: string,
  problems: ProblemList,
): ReplayOptions {
  const known = replayOptions.map(({ flag }) => flag);
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const flag = name.replaceAll("_", "-");
    if (!known.includes(flag)) problems.add(where, `unknown key "${name}"${suggestion(name, known)}`);
    else if (Object.hasOwn(options, optionKey(flag))) problems.add(where, `the option "${flag}" is given twice`);
    else options[optionKey(flag)] = value;
  }
  return options as ReplayOptions;
}

function axisFrom(key: string, given: z.infer<typeof range>, problems: ProblemList): Axis | null {
  const where = `--plan vary.${key}`;
  if (Array.isArray(given)) {
    if (given.length > 0) return { key, range: { kind: "values", values: given } };
    problems.add(where, "the list is empty");
    return null;
  }
  if (typeof given !== "string") return { key, range: { kind: "values", values: [given] } };
  try {
    return { key, range: parseRange(given.trim(), where) };
  } catch (error) {
    if (!(error instanceof AxisError)) throw error;
    problems.add("", error.message);
    return null;
  }
}
