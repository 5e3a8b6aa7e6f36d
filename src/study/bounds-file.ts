import * as z from "zod/mini";
import { ProblemList } from "../config/config-error.ts";
import { loadDocument } from "../config/document.ts";
import { orNull, realNumber, text, wholeNumber } from "../config/fields.ts";
import { validate } from "../config/validate.ts";
import type { CellBound } from "./oracle-bound.ts";

const schema = z.array(
  z.strictObject(
    {
      trace: text("Name of the trace in the study."),
      startup_seconds: z.optional(orNull(realNumber({ min: 0 }, "Start-up time; absent = all."))),
      seed: z.optional(orNull(wholeNumber({ min: 0 }, "Seed; absent = all."))),
      points: z.array(
        z.strictObject(
          {
            attainment: realNumber({ min: 0, max: 1 }, "Share of requests that meet both bounds."),
            gpu_hours: realNumber({ min: 0 }, "What it was found to cost."),
          },
          "expected an object with attainment and gpu_hours",
        ),
        "expected a list",
      ),
    },
    "expected an object with trace and points",
  ),
  "expected a list",
);

/**
 * Reads the bounds of an oracle: a list of { trace, startup_seconds, seed, points: [{ attainment, gpu_hours }] }.
 * @throws ConfigError with every mistake found
 */
export async function readBounds(given: string): Promise<CellBound[]> {
  const problems = new ProblemList();
  const document = await loadDocument(given, "--oracle", problems);
  problems.throwIfAny();
  const bounds = validate(schema, document, "--oracle", problems);
  problems.throwIfAny();
  return bounds!.map(({ trace, startup_seconds: startup, seed, points }) => ({
    trace,
    startupSeconds: startup ?? null,
    seed: seed ?? null,
    points: points.map(({ attainment, gpu_hours: gpuHours }) => ({ attainment, gpuHours })),
  }));
}
