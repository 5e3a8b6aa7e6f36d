type Arguments = Record<string, unknown>;

/** A line of a Mooncake trace. */
export interface SeededRow {
  timestamp: number;
  input_length: number;
  output_length: number;
  hash_ids: number[];
  session_id?: string;
  delay?: number;
}

/** A workload and the reference's arguments to run it with. */
export interface SeededCase {
  readonly rows: SeededRow[];
  readonly args: (string | Arguments)[];
}

/** Mulberry32: numbers in [0, 1). */
export function seededNumbers(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
/**
 * A small random workload and configuration: shared prefixes, sessions, tiny pools and budgets, preemption, speculation,
 * attention DP, closed loops. The same seed gives the same one everywhere.
 */
export function seededCase(kind: "agg" | "trt" | "dis", seed: number): SeededCase {
  const r = seededNumbers(seed * 7919 + 13);
  const int = (a: number, b: number) => a + Math.floor(r() * (b - a + 1));
  const pick = <T>(...xs: T[]) => xs[int(0, xs.length - 1)]!;
  const maybe = (p: number) => r() < p;
  const disagg = kind === "dis";
  const tb = pick(4, 16, 64, 512, 32);
  const bs = pick(4, 16, 32, 48, 64, 128, 7);
  const blocks = pick(6, 10, 16, 24, 40, 64, 120, 400, 3000);
  const poolTok = bs * blocks;
  const n = int(1, pick(5, 30, 80));
  const rows: SeededRow[] = [];
  let t = 0;
  let nextId = 1;
  const docs: number[][] = [];
  const maxIn = Math.max(1, Math.floor(poolTok * pick(0.1, 0.3, 0.6, 1.0)));
  const maxOut = Math.max(1, Math.floor(Math.min(poolTok * pick(0.05, 0.2, 0.4), 300)));
  const sessions = maybe(0.25);
  const nses = int(1, Math.max(1, n >> 1));
  const seen = new Set<number>();
  for (let i = 0; i < n; i++) {
    if (maybe(0.7)) t += pick(0, 0, 1, 3, 17, 40, 100, int(0, 400));
    let il = maybe(0.3)
      ? bs * int(1, Math.max(1, Math.floor(maxIn / bs)))
      : int(maybe(0.03) ? 0 : 1, Math.max(1, maxIn));
    if (maybe(0.04)) il = poolTok + int(-bs, bs);
    let ol = int(1, maxOut);
    if (maybe(0.06)) ol = 0;
    else if (maybe(0.08)) ol = 1;
    if (il < 0) il = 1;
    const nb = Math.ceil(il / tb);
    let ids: number[] = [];
    if (docs.length && maybe(0.6)) {
      const d = docs[int(0, docs.length - 1)]!;
      ids = d.slice(0, int(0, d.length));
    }
    while (ids.length < nb) ids.push(nextId++);
    ids = ids.slice(0, nb);
    docs.push(ids);
    const row: SeededRow = { timestamp: t, input_length: il, output_length: ol, hash_ids: ids };
    if (sessions && maybe(0.8)) {
      const s = int(0, nses - 1);
      row.session_id = "s" + s;
      if (seen.has(s)) {
        if (maybe(0.6)) {
          row.delay = pick(0, 5, 100, 12.5);
        }
      }
      seen.add(s);
    }
    rows.push(row);
  }
  const e: Arguments = { block_size: bs, num_gpu_blocks: blocks };
  if (maybe(0.5)) e.max_num_seqs = pick(1, 2, 3, 5, 8, 16);
  if (maybe(0.5)) e.max_num_batched_tokens = pick(1, 2, 3, 5, 8, 16, 64, 100, 512, 2048);
  if (maybe(0.2)) e.enable_prefix_caching = false;
  if (maybe(0.12)) {
    e.enable_chunked_prefill = false;
    e.max_num_batched_tokens = pick(poolTok, poolTok, maxIn + 2);
  }
  if (maybe(0.35)) e.preemption_mode = "fifo";
  if (maybe(0.2)) e.speedup_ratio = pick(2, 3, 0.5, 10, 7.3, 0);
  if (maybe(0.15)) e.max_model_len = int(1, poolTok);
  const mtp = maybe(0.2);
  if (mtp) {
    const nextn = int(1, 5);
    e.aic_nextn = nextn;
    if (maybe(0.7))
      e.aic_nextn_accept_rates = Array.from({ length: nextn }, () => pick("1", "0", "0.5", "0.8", "0.25")).join(",");
    if (maybe(0.3)) e.aic_mtp_seed = int(0, 1000);
  } else if (maybe(0.2)) e.decode_speedup_ratio = pick(2, 3, 0.7);
  if (maybe(0.05)) e.max_num_batched_tokens = null;
  if (maybe(0.05)) e.max_num_seqs = null;
  const args: (string | Arguments)[] = [];
  if (!disagg) {
    if (kind === "trt") {
      e.engine_type = "trtllm";
      delete e.preemption_mode;
      delete e.max_model_len;
    }
    if (maybe(0.2)) e.dp_size = int(2, 3);
    args.push("--extra-engine-args", e, "--num-workers", String(int(1, pick(1, 3, 8))));
  } else {
    delete e.dp_size;
    const d: Arguments = { ...e };
    const p: Arguments = { ...e };
    d.num_gpu_blocks = pick(blocks, blocks * 2, Math.max(3, blocks >> 1), 16384);
    p.num_gpu_blocks = pick(blocks, blocks * 2, blocks, 16384);
    if (maybe(0.3)) d.max_num_seqs = int(1, 6);
    if (maybe(0.6)) {
      p.kv_bytes_per_token = pick(1000, 131072);
      p.kv_transfer_bandwidth = pick(0.001, 0.01, 0.5, 8, 64);
      p.kv_transfer_timing_mode = pick("full_prompt", "destination_missing");
    }
    p.worker_type = "prefill";
    d.worker_type = "decode";
    args.push(
      "--prefill-engine-args",
      p,
      "--decode-engine-args",
      d,
      "--num-prefill-workers",
      String(int(1, 3)),
      "--num-decode-workers",
      String(int(1, 3)),
    );
  }
  if (maybe(0.25)) args.push("--replay-concurrency", String(int(1, pick(2, 8, 40))));
  if (maybe(0.2)) args.push("--arrival-speedup-ratio", String(pick(2, 0.5, 3, 1.7)));
  if (maybe(0.12)) args.push("--max-sim-time-seconds", String(pick(0.1, 0.5, 1, 2.5, 10)));
  args.push("--trace-block-size", String(tb));
  return { rows, args };
}
