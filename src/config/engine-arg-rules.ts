import { shown } from "./config-error.ts";
import { blockSizeOf, defaultAcceptRates } from "./engine-arg-defaults.ts";
import type { GivenEngineArgs } from "./engine-args-schema.ts";
import type { WorkerRole } from "./validated-engine-args.ts";

/** Told of a mistake: the key (dots for sections) and what is wrong with it. */
type Complain = (key: string, message: string) => void;

/** Least ratio but 0: passes a million times as long as they are. */
const leastSpeedup = 1e-6;

/**
 * What the arguments must be to each other; every rule broken is told.
 * @param where the flag they came with
 * @param role the part the flag stands for
 * @returns acceptance rates, a list of `aic_nextn` numbers; empty without speculation
 */
export function checkEngineArgs(args: GivenEngineArgs, role: WorkerRole, where: string, complain: Complain): number[] {
  checkRole(args, role, where, complain);
  checkTiers(args, complain);
  checkSglang(args, complain);
  checkSpeedups(args, complain);
  const acceptRates = checkSpeculation(args, complain);
  checkRanks(args, complain);
  return acceptRates;
}

function checkRole(args: GivenEngineArgs, role: WorkerRole, where: string, complain: Complain): void {
  if (args.is_prefill === true && args.is_decode === true) {
    complain("is_prefill", "found true beside is_decode true; a worker cannot be both");
    return;
  }
  const flagged = args.is_prefill === true ? "prefill" : args.is_decode === true ? "decode" : null;
  const said = args.worker_type ?? flagged;
  if (args.worker_type != null && flagged !== null && flagged !== args.worker_type) {
    complain("worker_type", `found "${args.worker_type}", but is_${flagged} is true`);
  } else if (said !== null && said !== role) {
    complain(
      args.worker_type == null ? `is_${said}` : "worker_type",
      `found "${said}", but ${where} takes ${role} workers`,
    );
  }
}

function checkTiers(args: GivenEngineArgs, complain: Complain): void {
  const hostBlocks = args.num_g2_blocks ?? 0;
  if ((args.num_g3_blocks ?? 0) > 0 && hostBlocks === 0) {
    complain(
      "num_g3_blocks",
      `found ${args.num_g3_blocks}, but it needs num_g2_blocks: SSD blocks are staged through host memory`,
    );
  }
  if (args.enable_g4_storage === true && hostBlocks === 0) {
    complain("enable_g4_storage", "found true, but it needs num_g2_blocks: objects are staged through host memory");
  }
  // Workers like SGLang have a cache of their own, which the setting does not concern.
  if (args.g1_backend === "native" && hostBlocks > 0 && args.engine_type !== "sglang") {
    complain("g1_backend", 'found "native", but offload tiers need "kvbm" (or leave g1_backend out)');
  }
}

function checkSglang(args: GivenEngineArgs, complain: Complain): void {
  if (args.engine_type !== "sglang") return;
  const pageSize = args.sglang?.page_size ?? null;
  const blockSize = args.block_size ?? 0;
  if (pageSize !== null && blockSize > 0 && pageSize !== blockSize) {
    complain(
      "sglang.page_size",
      `found ${pageSize}, but block_size is ${blockSize}; they are the same thing, set one of them`,
    );
    return;
  }
  const size = blockSizeOf(args);
  const chunk = args.sglang?.chunked_prefill_size ?? null;
  if (chunk !== null && chunk % size !== 0) {
    complain("sglang.chunked_prefill_size", `found ${chunk}, expected a multiple of the block size ${size}`);
  }
}

function checkRanks(args: GivenEngineArgs, complain: Complain): void {
  const { dp_size: ranks, aic_attention_dp_size: attentionRanks } = args;
  if (typeof attentionRanks !== "number" || attentionRanks <= 1) return;
  if (ranks === undefined || ranks === attentionRanks) return;
  complain("dp_size", `found ${ranks}, but aic_attention_dp_size is ${attentionRanks}; set one of them`);
}

/** Pass times that no clock can hold. */
function checkSpeedups(args: GivenEngineArgs, complain: Complain): void {
  for (const key of ["speedup_ratio", "decode_speedup_ratio"] as const) {
    const ratio = args[key] ?? 0;
    if (ratio === 0 || ratio >= leastSpeedup) continue;
    complain(key, `found ${ratio}, expected a number of at least ${leastSpeedup}, or 0 for no scaling`);
  }
}

/** Acceptance rates as a list of `nextn` numbers; empty without speculation. */
function checkSpeculation(args: GivenEngineArgs, complain: Complain): number[] {
  const given = args.aic_nextn_accept_rates ?? null;
  const rates = given === null ? null : parseRates(given, complain);
  const nextn = args.aic_nextn ?? null;
  if (nextn === null) {
    if (given !== null) complain("aic_nextn_accept_rates", `found ${shown(given)}, but it needs aic_nextn`);
    return [];
  }
  const decodeSpeedup = args.decode_speedup_ratio ?? 1;
  if (decodeSpeedup !== 1) {
    complain(
      "decode_speedup_ratio",
      `found ${decodeSpeedup}, but with aic_nextn it must be 1: accepted drafts are the speed-up`,
    );
  }
  return Array.from({ length: nextn }, (_, position) => (rates ?? defaultAcceptRates)[position] ?? 0);
}

function parseRates(given: string | readonly number[], complain: Complain): number[] {
  const parts = typeof given === "string" ? given.split(",").filter((part) => part.trim() !== "") : given;
  return parts.map((part, position) => {
    const rate = Number(part);
    if (!(rate >= 0 && rate <= 1)) {
      complain(`aic_nextn_accept_rates[${position}]`, `found ${shown(part)}, expected a number from 0 to 1`);
    }
    return rate;
  });
}
