import * as z from "zod/mini";
import type { FileDigests } from "../named-files.ts";
import type { SweepFigures } from "../sweep-row.ts";
import type { SweepTask } from "../sweep-task.ts";

/** One run as it lies in the queue. */
export interface RunJob {
  /** Version that must do it; others may get other numbers. */
  readonly version: string;
  readonly task: SweepTask;
  /** Content of the requests, and what their name and notes are in this sweep. */
  readonly trace: { readonly digest: string; readonly name: string; readonly notes: readonly string[] };
  /** Content of the policy module that the options name; null = there is none. */
  readonly policyDigest: string | null;
  /** Content of the data files that the options name. */
  readonly files: FileDigests;
  /** Keep the full result for the sweep to fetch. */
  readonly keepResult: boolean;
}

/** What a worker returns for a run that was done. */
export interface RunReturn {
  readonly figures: SweepFigures | null;
  readonly error: string | null;
}

const schema = z.strictObject({
  version: z.string(),
  task: z.strictObject({
    run: z.string(),
    point: z.strictObject({
      index: z.number(),
      values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
      repeat: z.number(),
    }),
    options: z.record(z.string(), z.unknown()),
  }),
  trace: z.strictObject({
    digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    name: z.string(),
    notes: z.array(z.string()),
  }),
  policyDigest: z.nullable(z.string()),
  files: z.record(z.string(), z.nullable(z.string())),
  keepResult: z.boolean(),
});

/** A job's data; null when it is none of ours. */
export function readRunJob(data: unknown): RunJob | null {
  const parsed = schema.safeParse(data);
  return parsed.success ? (parsed.data as unknown as RunJob) : null;
}
