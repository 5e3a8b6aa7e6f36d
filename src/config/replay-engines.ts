import type { ProblemList } from "./config-error.ts";
import { validateEngineArgs } from "./engine-args.ts";
import type { ReplayValues } from "./replay-options.ts";
import type { ResolvedEngine } from "./resolve-engine.ts";
import type { ValidatedEngineArgs, WorkerRole } from "./validated-engine-args.ts";
import { place } from "./validate.ts";

/** Checked arguments of a replay's engines by pool: `engine`, or `prefill` and `decode`; null after a mistake. */
export type ReplayEngines = Readonly<Record<string, ValidatedEngineArgs | null>>;

/** Checks the engine arguments of a replay, each for itself and two pools against each other. */
export function replayEngines(given: ReplayValues, problems: ProblemList): ReplayEngines {
  const { extraEngineArgs, prefillEngineArgs, decodeEngineArgs } = given;
  if (prefillEngineArgs === null && decodeEngineArgs === null) {
    return { engine: engineArgs(extraEngineArgs ?? {}, "--extra-engine-args", "aggregated", given, problems) };
  }
  const prefill = engineArgs(prefillEngineArgs ?? {}, "--prefill-engine-args", "prefill", given, problems);
  const decode = engineArgs(decodeEngineArgs ?? {}, "--decode-engine-args", "decode", given, problems);
  if (prefill !== null && decode !== null) checkPair(prefill, decode, problems);
  return { prefill, decode };
}

/** What comes back from cache tiers cannot be interrupted, so nothing may interrupt. */
export function checkTiersStayWhole(
  engines: Readonly<Record<string, ResolvedEngine>>,
  { client, faults }: { readonly client: unknown; readonly faults: unknown },
  problems: ProblemList,
): void {
  if (client === null && faults === null) return;
  if (Object.values(engines).every(({ engine }) => engine.kvTiers === undefined)) return;
  problems.add(
    client !== null ? "--client-config" : "--fault-config",
    "cannot be combined with cache tiers (num_g2_blocks): what comes back from them cannot be interrupted",
  );
}

function engineArgs(
  document: unknown,
  where: string,
  role: WorkerRole,
  given: ReplayValues,
  problems: ProblemList,
): ValidatedEngineArgs | null {
  const args = validateEngineArgs(document, where, role, problems, given.perfData);
  if (args !== null && given.semantics === "dynamo-1.4") checkOldRules(args, where, problems);
  return args;
}

/** Settings ai-dynamo 1.4.2 refuses. */
function checkOldRules(args: ValidatedEngineArgs, where: string, problems: ProblemList): void {
  const refuse = (key: string, found: unknown) =>
    problems.add(
      place(where, [key]),
      `found ${JSON.stringify(found)}, which --semantics dynamo-1.4 does not know; use current`,
    );
  if (args.maxUtilization) refuse("trtllm.capacity_scheduler_policy", "max_utilization");
  if (args.given.prefill_schedule_interval != null) refuse("prefill_schedule_interval", args.prefillScheduleInterval);
  const interval = args.given.sglang?.prefill_decode_interval;
  if (interval != null) refuse("sglang.prefill_decode_interval", interval);
}

/** A hand-off needs two engines of a kind. */
function checkPair(prefill: ValidatedEngineArgs, decode: ValidatedEngineArgs, problems: ProblemList): void {
  const where = "--prefill-engine-args, --decode-engine-args";
  if (prefill.engineType !== decode.engineType) {
    problems.add(
      where,
      `engine_type differs (${prefill.engineType}, ${decode.engineType}); both pools must run the same engine`,
    );
  }
  if (prefill.blockSize !== decode.blockSize) {
    problems.add(
      where,
      `block_size differs (${prefill.blockSize}, ${decode.blockSize}); blocks are handed over as they are`,
    );
  }
  for (const args of [prefill, decode]) {
    if (args.dpSize !== 1)
      problems.add(`${args.where} dp_size`, `found ${args.dpSize}, expected 1 in a disaggregated run`);
  }
}
