import * as z from "zod/mini";
import { engineTypes } from "../engine/engine-types.ts";
import { choice, orNull, realNumber, text, truth, wholeNumber } from "./fields.ts";

/**
 * Engine arguments as the reference's mocker takes them (MockEngineArgs; engine-reference §3), plus `perf_*`. Null
 * is accepted where the reference accepts it. Nothing is filled in here: see engine-args.ts.
 */

const queuePolicy = choice(["fcfs", "lcfs", "wspt"], "Overrides the router's queue policy.");
const gpuShare = (description: string) => orNull(realNumber({ min: 0, max: 1 }, description));
const dtype = (what: string) => orNull(text(`Quantisation of ${what}, AIConfigurator's name; null = the model's own.`));
const port = (description: string) => orNull(wholeNumber({ min: 0, max: 65_535 }, `${description} Live mocker only.`));
const tierBandwidth = (description: string) => orNull(realNumber({ min: 0 }, description));

const sglang = z.strictObject({
  schedule_policy: z.optional(orNull(choice(["fifo", "fcfs", "lpm"], "Order of waiting requests."))),
  page_size: z.optional(
    orNull(wholeNumber({ min: 1 }, "Tokens of a cache page; must equal block_size when both are set.")),
  ),
  max_prefill_tokens: z.optional(orNull(wholeNumber({ min: 1 }, "Prompt tokens a pass may admit."))),
  chunked_prefill_size: z.optional(
    orNull(wholeNumber({ min: 1 }, "Longest chunk of a prompt; a multiple of block_size.")),
  ),
  clip_max_new_tokens: z.optional(orNull(wholeNumber({ min: 0 }, "Output tokens reserved at most at admission."))),
  prefill_decode_interval: z.optional(
    orNull(wholeNumber({ min: 0 }, "Passes without prefill after one with; current semantics only.")),
  ),
  schedule_conservativeness: z.optional(
    orNull(realNumber({ min: 0 }, "Scales the share of output reserved at admission.")),
  ),
});

const trtllm = z.strictObject({
  capacity_scheduler_policy: z.optional(
    orNull(
      choice(
        ["guaranteed_no_evict", "max_utilization"],
        "When a request may be admitted; the second under current semantics only.",
      ),
    ),
  ),
});

const reasoning = z.strictObject({
  start_thinking_token_id: wholeNumber({ min: 0 }, "Live mocker only."),
  end_thinking_token_id: wholeNumber({ min: 0 }, "Live mocker only."),
  thinking_ratio: realNumber({ min: 0, max: 1 }, "Live mocker only."),
});

const shape = {
  engine_type: choice(engineTypes, "Which engine's scheduler is simulated."),
  num_gpu_blocks: orNull(wholeNumber({ min: 1 }, "Key-value blocks of a rank; null = the default or the estimate.")),
  block_size: wholeNumber({ min: 0 }, "Tokens of a block; 0 = the engine's default."),
  max_model_len: orNull(wholeNumber({ min: 1 }, "Longest sequence; longer prompts are rejected.")),
  max_num_seqs: orNull(wholeNumber({ min: 1 }, "Most running requests; null = unbounded.")),
  max_num_batched_tokens: orNull(wholeNumber({ min: 1 }, "Tokens a pass may compute; null = unbounded.")),
  enable_prefix_caching: truth("Reuse the cache of equal prompt beginnings."),
  enable_chunked_prefill: truth("Split prompts over passes."),
  g1_backend: choice(["native", "kvbm"], "Owner of GPU blocks; under dynamo-1.4 kvbm keeps one copy of equal blocks."),
  speedup_ratio: realNumber({ min: 0 }, "Divides pass times; 0 = no scaling."),
  decode_speedup_ratio: realNumber({ min: 0 }, "Further divides decode times; 0 = no scaling."),
  dp_size: wholeNumber({ min: 1 }, "Attention data-parallel ranks of a worker."),
  startup_time: orNull(realNumber({ min: 0 }, "Seconds until a scaled-up worker takes requests.")),
  worker_type: orNull(choice(["aggregated", "prefill", "decode"], "Role; inferred from the flag when absent.")),
  is_prefill: truth("Older spelling of worker_type prefill."),
  is_decode: truth("Older spelling of worker_type decode."),
  planner_profile_data: orNull(text("Profile (npz, csv or results folder) that gives pass times.")),
  perf_data: orNull(text("Folder of aiconfigurator's tables; the exact table model instead of the roofline.")),
  perf_extrapolation: choice(
    ["0.11", "0.12"],
    "AIConfigurator release whose rule prices passes past the tables' grid.",
  ),
  perf_overheads: choice(
    ["none", "measured"],
    "measured = modelled passes take what published servers were found to add (host work, kernels in graphs).",
  ),
  aic_backend: orNull(text("vllm, sglang or trtllm: turns on modelled GPU times instead of the polynomial.")),
  aic_system: orNull(text("GPU, AIConfigurator's name: h200_sxm, b200_sxm, …")),
  aic_backend_version: orNull(text("Version of the backend the tables were measured with.")),
  aic_tp_size: orNull(wholeNumber({ min: 1 }, "Tensor parallel size; GPUs of a rank.")),
  aic_model_path: orNull(text("Hugging Face id of the model, or a folder with its config.json.")),
  aic_moe_tp_size: orNull(wholeNumber({ min: 1 }, "Tensor parallel size of the experts.")),
  aic_moe_ep_size: orNull(wholeNumber({ min: 1 }, "Expert parallel size.")),
  aic_attention_dp_size: orNull(wholeNumber({ min: 1 }, "Attention data-parallel size; sets dp_size.")),
  aic_gemm_dtype: dtype("matrix multiplications"),
  aic_moe_dtype: dtype("experts"),
  aic_fmha_dtype: dtype("attention"),
  aic_kv_cache_dtype: dtype("the key-value cache"),
  aic_comm_dtype: dtype("collectives"),
  aic_nextn: orNull(wholeNumber({ min: 1, max: 5 }, "Draft tokens of a speculative step (MTP).")),
  aic_nextn_accept_rates: orNull(
    z
      .union([z.string(), z.array(z.number())], 'expected numbers from 0 to 1, as "0.85,0.3" or a list')
      .register(z.globalRegistry, {
        description: 'Chance that each draft token is accepted if those before it were: "0.85,0.3" or a list.',
      }),
  ),
  aic_mtp_seed: wholeNumber({ min: 0 }, "Seed of the acceptance draws."),
  gpu_memory_utilization: gpuShare("Share of GPU memory vLLM may use; only for the block estimate."),
  mem_fraction_static: gpuShare("SGLang's share of GPU memory; only for the block estimate."),
  free_gpu_memory_fraction: gpuShare("TensorRT-LLM's share of free GPU memory; only for the block estimate."),
  kv_bytes_per_token: orNull(wholeNumber({ min: 0 }, "Bytes of key-value cache a token takes.")),
  kv_transfer_bandwidth: orNull(
    realNumber({ min: 0 }, "Prefill → decode transfer, 1e9 bytes/s; null or 0 = no delay."),
  ),
  kv_transfer_timing_mode: choice(["full_prompt", "destination_missing"], "What a transfer has to carry."),
  num_g2_blocks: orNull(wholeNumber({ min: 0 }, "Host-memory blocks.")),
  num_g3_blocks: orNull(wholeNumber({ min: 0 }, "SSD blocks.")),
  enable_g4_storage: truth("Object-store tier."),
  offload_batch_size: orNull(wholeNumber({ min: 0 }, "Blocks of an offload batch.")),
  bandwidth_g1_to_g2_gbps: tierBandwidth("GPU → host, 1e9 bytes/s."),
  bandwidth_g2_to_g1_gbps: tierBandwidth("Host → GPU, 1e9 bytes/s."),
  bandwidth_g2_to_g3_gbps: tierBandwidth("Host → SSD, 1e9 bytes/s."),
  bandwidth_g3_to_g2_gbps: tierBandwidth("SSD → host, 1e9 bytes/s."),
  bandwidth_g2_to_g4_gbps: tierBandwidth("Host → object store, 1e9 bytes/s."),
  bandwidth_g4_to_g2_gbps: tierBandwidth("Object store → host, 1e9 bytes/s."),
  prefill_schedule_interval: orNull(
    wholeNumber({ min: 1 }, "With attention DP prompts are computed in every n-th pass only; current semantics only."),
  ),
  preemption_mode: choice(["lifo", "fifo"], "Which running request gives way: the newest or the oldest."),
  router_queue_policy: orNull(queuePolicy),
  sglang: orNull(sglang),
  trtllm: orNull(trtllm),
  reasoning: orNull(reasoning),
  response_replay_trace_path: orNull(text("Live mocker only.")),
  zmq_kv_events_port: port("Port of cache events."),
  zmq_replay_port: port("Port of replayed cache events."),
  bootstrap_port: port("Port of the hand-off."),
  enable_local_indexer: truth("Live mocker only."),
  handoff_session_timeout_ms: wholeNumber({ min: 1 }, "Live mocker only."),
  has_perf_model: orNull(truth("Live mocker only.")),
};

type Optional<Shape> = { [Key in keyof Shape]: z.ZodMiniOptional<Shape[Key] & z.ZodMiniType> };

/** Every key optional, none unknown. */
export const engineArgsSchema = z.strictObject(
  Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, z.optional(schema)])) as Optional<typeof shape>,
);

/** Engine arguments as given, checked key by key. */
export type GivenEngineArgs = z.infer<typeof engineArgsSchema>;

/** Keys (dotted inside sections) whose values are names in which case does not count. */
export const caseInsensitiveKeys = [
  "engine_type",
  "g1_backend",
  "worker_type",
  "kv_transfer_timing_mode",
  "preemption_mode",
  "router_queue_policy",
  "sglang.schedule_policy",
  "trtllm.capacity_scheduler_policy",
] as const;

/** Keys that are accepted, as the reference accepts them, but change nothing in a replay. */
export const keysWithoutEffect: Readonly<Record<string, string>> = {
  reasoning: "only a live mocker uses it",
  response_replay_trace_path: "only a live mocker uses it",
  zmq_kv_events_port: "only a live mocker uses it",
  zmq_replay_port: "only a live mocker uses it",
  bootstrap_port: "only a live mocker uses it",
  enable_local_indexer: "only a live mocker uses it",
  handoff_session_timeout_ms: "only a live mocker uses it",
  has_perf_model: "only a live mocker uses it",
};
