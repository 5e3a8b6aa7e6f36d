import { seededNumbers } from "./seeded-case.ts";

/** A workload for the KV-aware router and the reference's arguments to run it with. */
export interface RouterCase {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Engines and workers; the router's flags come with `router`. */
  readonly args: readonly (string | Readonly<Record<string, unknown>>)[];
  readonly router: Readonly<Record<string, unknown>>;
  /** Its policy document. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

const engine = { num_gpu_blocks: 400, block_size: 16, max_num_batched_tokens: 512 };
const threeWorkers = ["--extra-engine-args", engine, "--num-workers", "3"] as const;
const disaggregated = [
  "--prefill-engine-args",
  { ...engine, worker_type: "prefill" },
  "--decode-engine-args",
  { ...engine, worker_type: "decode" },
  "--num-prefill-workers",
  "2",
  "--num-decode-workers",
  "2",
] as const;

const family = (name: string, bucket: string, quantum: number, queue_policy = "fcfs") => ({
  name: `${name}-${bucket}`,
  policy_family: name,
  cache_bucket: bucket,
  queue_policy,
  quantum,
  prefill_busy_threshold_frac: 0.5,
});

const policy = {
  default_policy_family: "chat",
  uncached_isl_buckets: [
    { min_tokens: 0, bucket: "short" },
    { min_tokens: 300, bucket: "long" },
  ],
  policy_classes: [
    family("chat", "short", 200, "wspt"),
    family("chat", "long", 100),
    family("agents", "short", 50),
    family("agents", "long", 400, "wspt"),
    { name: "vip", quantum: 1, prefill_busy_threshold: 600 },
    { name: "impatient", quantum: 1 },
  ],
};

/** Prompts of a few families, arriving in bursts, some with priorities. */
function rows(seed: number, priorities: boolean): Record<string, unknown>[] {
  const next = seededNumbers(seed);
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  const made: Record<string, unknown>[] = [];
  let timestamp = 0;
  let unique = 1000;
  for (let i = 0; i < 36; i++) {
    if (next() < 0.5) timestamp += int(1, 60) + 0.25;
    const blocks = int(1, 14);
    const common = Math.min(blocks, int(0, 9));
    const start = int(0, 2) * 100;
    const ids = Array.from({ length: blocks }, (_, block) => (block < common ? start + block : unique++));
    made.push({
      timestamp,
      input_length: blocks * 64 - int(0, 63),
      output_length: int(1, 25),
      hash_ids: ids,
      ...(priorities && next() < 0.4 ? { priority: int(-1, 2), strict_priority: int(0, 1) } : {}),
      ...(priorities && next() < 0.7
        ? { policy_class: ["chat", "agents", "vip", "impatient", "unknown"][int(0, 4)] }
        : {}),
    });
  }
  return made;
}

/** Every part of the router once. */
export const routerCases: readonly RouterCase[] = [
  {
    name: "credit, weight of active requests",
    rows: rows(1, false),
    args: threeWorkers,
    router: { overlap_score_credit: 0.7, decode_active_request_weight: 1.3 },
  },
  {
    name: "fading credit, scale, attention-DP ranks",
    rows: rows(2, false),
    args: ["--extra-engine-args", { ...engine, dp_size: 2 }, "--num-workers", "2"],
    router: { overlap_score_credit_decay: 0.8, prefill_load_scale: 2.3 },
  },
  {
    name: "wspt queue with priorities",
    rows: rows(3, true),
    args: threeWorkers,
    router: { router_queue_threshold: 0.5, router_queue_policy: "wspt" },
  },
  {
    name: "lcfs queue, nothing shared between active requests, no caches",
    rows: rows(4, true),
    args: ["--extra-engine-args", { ...engine, engine_type: "trtllm" }, "--num-workers", "3"],
    router: {
      router_queue_threshold: 0.25,
      router_queue_policy: "lcfs",
      router_assume_kv_reuse: false,
      overlap_score_credit: 0,
    },
  },
  { name: "policy classes", rows: rows(5, true), args: threeWorkers, router: {}, policy },
  {
    name: "disaggregated, queue and active requests",
    rows: rows(6, true),
    args: disaggregated,
    router: { router_queue_threshold: 0.5, decode_active_request_weight: 2.7, overlap_score_credit: 1.5 },
  },
  { name: "disaggregated policy classes", rows: rows(7, true), args: disaggregated, router: {}, policy },
  {
    name: "SGLang-like caches, published at the end of a pass",
    rows: rows(8, false),
    args: [
      "--extra-engine-args",
      { engine_type: "sglang", num_gpu_blocks: 400, block_size: 16, sglang: { chunked_prefill_size: 512 } },
      "--num-workers",
      "3",
    ],
    router: { overlap_score_credit: 1.5 },
  },
  {
    name: "no prefill load, weights only",
    rows: rows(9, false),
    args: threeWorkers,
    router: { router_track_prefill_tokens: false, decode_active_request_weight: 4.1 },
  },
];
