import { seededNumbers, type SeededCase } from "./seeded-case.ts";

type Arguments = Record<string, unknown>;

/**
 * A small random workload and configuration of an SGLang-like engine: shared prefixes, sessions, small pools with
 * retraction, chunks, lpm, speculation, attention DP, closed loops, disaggregation. The same seed gives the same one
 * everywhere.
 */
export function seededSglangCase(disaggregated: boolean, seed: number): SeededCase {
  const r = seededNumbers(seed * 104_729 + (disaggregated ? 5 : 3));
  const int = (a: number, b: number) => a + Math.floor(r() * (b - a + 1));
  const pick = <T>(...xs: T[]) => xs[int(0, xs.length - 1)]!;
  const maybe = (p: number) => r() < p;
  const page = pick(1, 1, 4, 16, 16, 64, 7);
  const poolTokens = page * Math.ceil(pick(300, 800, 2000, 6000, 20_000, 60_000) / page);
  const blocks = poolTokens / page;
  const traceBlock = pick(4, 16, 64, 512, 32);
  const chunk = page * Math.max(1, Math.floor(pick(64, 200, 512, 2048, 8192) / page));
  const count = int(1, pick(5, 30, 80));
  const mostInput = Math.max(1, Math.floor(poolTokens * pick(0.1, 0.3, 0.6)));
  const mostOutput = Math.max(1, Math.floor(Math.min(poolTokens * pick(0.02, 0.1, 0.3), 200)));
  const sessions = maybe(0.2);
  const sessionCount = int(1, Math.max(1, count >> 1));
  const seen = new Set<number>();
  const rows: SeededCase["rows"] = [];
  const documents: number[][] = [];
  let nextId = 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (maybe(0.7)) at += pick(0, 0, 1, 3, 17, 40, 100, int(0, 400));
    const input = maybe(0.3) ? page * int(1, Math.max(1, Math.floor(mostInput / page))) : int(1, mostInput);
    const output = maybe(0.1) ? int(0, 1) : int(1, mostOutput);
    const ids: number[] = [];
    if (documents.length > 0 && maybe(0.6)) {
      const document = documents[int(0, documents.length - 1)]!;
      ids.push(...document.slice(0, int(0, document.length)));
    }
    const wanted = Math.ceil(input / traceBlock);
    while (ids.length < wanted) ids.push(nextId++);
    ids.length = wanted;
    documents.push(ids);
    const row: SeededCase["rows"][number] = {
      timestamp: at,
      input_length: input,
      output_length: output,
      hash_ids: ids,
    };
    if (sessions && maybe(0.8)) {
      const session = int(0, sessionCount - 1);
      row.session_id = `s${session}`;
      if (seen.has(session) && maybe(0.6)) row.delay = pick(0, 5, 100, 12.5);
      seen.add(session);
    }
    rows.push(row);
  }
  const sglang: Arguments = { chunked_prefill_size: chunk };
  if (maybe(0.4)) sglang["schedule_policy"] = "lpm";
  if (maybe(0.3)) sglang["max_prefill_tokens"] = pick(100, 500, 3000, 16_384);
  if (maybe(0.3)) sglang["clip_max_new_tokens"] = pick(0, 1, 10, 100);
  if (maybe(0.3)) sglang["schedule_conservativeness"] = pick(0, 0.3, 0.6, 1);
  const engine: Arguments = { engine_type: "sglang", block_size: page, num_gpu_blocks: blocks, sglang };
  if (maybe(0.4)) engine["max_num_seqs"] = pick(1, 2, 3, 5, 8, 16);
  if (maybe(0.15)) engine["enable_prefix_caching"] = false;
  if (maybe(0.15)) engine["speedup_ratio"] = pick(2, 3, 0.5, 7.3);
  const speculative = maybe(0.12);
  if (speculative) {
    const nextn = int(1, 4);
    engine["aic_nextn"] = nextn;
    if (maybe(0.7)) engine["aic_nextn_accept_rates"] = Array.from({ length: nextn }, () => pick(1, 0, 0.5, 0.8)).join();
  }
  if (!speculative && maybe(0.15)) engine["decode_speedup_ratio"] = pick(2, 0.7);
  const args: (string | Arguments)[] = [];
  if (disaggregated) {
    const prefill: Arguments = { ...engine, worker_type: "prefill" };
    const decode: Arguments = { ...engine, worker_type: "decode" };
    decode["num_gpu_blocks"] = pick(blocks, blocks * 2, Math.ceil(blocks * 0.7), blocks * 10);
    prefill["num_gpu_blocks"] = pick(blocks, blocks * 2, blocks, blocks * 10);
    if (maybe(0.3)) decode["max_num_seqs"] = int(1, 6);
    if (maybe(0.6)) {
      prefill["kv_bytes_per_token"] = pick(1000, 131_072);
      prefill["kv_transfer_bandwidth"] = pick(0.001, 0.01, 0.5, 8, 64);
      prefill["kv_transfer_timing_mode"] = pick("full_prompt", "destination_missing");
    }
    args.push("--prefill-engine-args", prefill, "--decode-engine-args", decode);
    args.push("--num-prefill-workers", String(int(1, 3)), "--num-decode-workers", String(int(1, 3)));
  } else {
    if (maybe(0.15)) engine["dp_size"] = int(2, 3);
    args.push("--extra-engine-args", engine, "--num-workers", String(int(1, pick(1, 3))));
  }
  if (maybe(0.25)) args.push("--replay-concurrency", String(int(1, pick(2, 8, 40))));
  if (maybe(0.1)) args.push("--arrival-speedup-ratio", String(pick(2, 0.5, 3)));
  if (maybe(0.08)) args.push("--max-sim-time-seconds", String(pick(0.1, 0.5, 1, 2.5)));
  args.push("--trace-block-size", String(traceBlock));
  return { rows, args };
}
