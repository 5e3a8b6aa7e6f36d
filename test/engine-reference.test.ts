import { describe, expect, test } from "vitest";
import { failureReasons, RequestStatus } from "../src/metrics/request-ledger.ts";
import { smallRun, type SmallRequest, type SmallRow, type SmallRunOptions } from "./small-run.ts";

/** The published numbers of ai-dynamo 1.4.2 (engine-reference §11) for small hand-made traces, to 1e-3 ms. */
type Key = "arrival" | "admit" | "ttft" | "ttst" | "e2e" | "reused" | "tokens" | "worker";
type Expected = Partial<Record<Key, readonly number[]>>;

function check(requests: readonly SmallRequest[], expected: Expected): void {
  for (const [key, values] of Object.entries(expected)) {
    const found = requests.slice(0, values.length).map((request) => request[key as Key]);
    for (const [i, value] of values.entries()) {
      expect(Math.abs(found[i]! - value), `${key} of request ${i}: ${found[i]} instead of ${value}`).toBeLessThan(1e-3);
    }
  }
}

const twice = (input: number, output: number, at: number): SmallRow[] => {
  const ids = Array.from({ length: Math.ceil(input / 512) }, (_, i) => i + 1);
  return [
    { at: 0, input, output, ids },
    { at, input, output, ids },
  ];
};
const oneAfterOther = (...outputs: number[]): SmallRow[] =>
  outputs.map((output, i) => ({ at: i, input: 16, output, ids: [i + 1] }));
const smallPool = { num_gpu_blocks: 10, block_size: 4 };

const cases: [string, readonly SmallRow[], SmallRunOptions, Expected][] = [
  ["1 a lone request", [{ input: 1000, output: 3 }], {}, { ttft: [37.898579], ttst: [5.79272], e2e: [49.484019] }],
  ["2 a prompt in three chunks", [{ input: 20_000, output: 2 }], {}, { ttft: [421.9457], ttst: [6.7624], reused: [0] }],
  [
    "3 two prompts in one pass",
    [
      { input: 1000, output: 3 },
      { input: 500, output: 3 },
    ],
    {},
    { ttft: [46.0429, 46.0429], ttst: [5.8191, 5.8191], e2e: [57.681, 57.681] },
  ],
  [
    "4 an arrival during a pass",
    [
      { input: 1000, output: 5 },
      { at: 40, input: 500, output: 3 },
    ],
    {},
    { admit: [0, 43.6913], ttft: [37.8986, 33.7088], e2e: [85.3469] },
  ],
  [
    "5 two prompts over the budget",
    [
      { input: 5000, output: 2 },
      { input: 5000, output: 2 },
    ],
    {},
    { ttft: [175.3006, 226.8883] },
  ],
  [
    "5 the same without chunking",
    [
      { input: 5000, output: 2 },
      { input: 5000, output: 2 },
    ],
    { engine: { enable_chunked_prefill: false } },
    { ttft: [108.9434, 218.1455] },
  ],
  ["6 a prompt again", twice(1024, 2, 1000), {}, { ttft: [38.2834, 23.2676], reused: [0, 960] }],
  [
    "6 the same without caching",
    twice(1024, 2, 1000),
    { engine: { enable_prefix_caching: false } },
    { ttft: [38.2834, 38.2834], reused: [0, 0] },
  ],
  ["7 the same prompt twice in one pass", twice(1024, 2, 0), {}, { ttft: [39.3154, 39.3154], reused: [0, 960] }],
  [
    "7 three times in a pool of 100 blocks",
    [...twice(1024, 2, 0), ...twice(1024, 2, 0).slice(1)],
    { engine: { num_gpu_blocks: 100 } },
    { ttft: [49.1793, 49.1793, 49.1793], reused: [0, 960, 960] },
  ],
  [
    "8 TRT-LLM reuses a whole prompt",
    twice(1024, 2, 1000),
    { engine: { engine_type: "trtllm" } },
    { ttft: [38.3361, 5.8454], reused: [0, 1024] },
  ],
  [
    "10 eviction by age, last blocks first",
    [1, 2, 1, 2].map((id, i) => ({ at: i * 1000, input: 16, output: 1, ids: [id] })),
    { engine: { num_gpu_blocks: 6, block_size: 4 } },
    { reused: [0, 0, 8, 8], ttft: [47.0511, 47.0511, 46.9296, 46.9296] },
  ],
  [
    "11 preemption of the newest",
    oneAfterOther(20, 20),
    { engine: smallPool },
    { e2e: [661.8965, 1173.5426], reused: [0, 4] },
  ],
  [
    "11 preemption of the oldest",
    oneAfterOther(20, 20),
    { engine: { ...smallPool, preemption_mode: "fifo" } },
    { e2e: [1174.5426, 687.2065] },
  ],
  [
    "12 TRT-LLM waits for the worst case",
    oneAfterOther(20, 20),
    { engine: { ...smallPool, engine_type: "trtllm" } },
    { e2e: [614.8625, 1228.7249], admit: [0, 614.8625] },
  ],
  [
    "12 TRT-LLM cuts the output to the pool",
    [{ input: 16, output: 100 }],
    { engine: { ...smallPool, engine_type: "trtllm" } },
    { tokens: [24] },
  ],
  [
    "14 max_model_len cuts the output",
    [
      { input: 100, output: 50 },
      { input: 120, output: 50 },
    ],
    { engine: { max_model_len: 128 } },
    { tokens: [28, 8] },
  ],
  ["15 one token", [{ input: 100, output: 1 }], {}, { ttft: [23.7706], e2e: [23.7706] }],
  [
    "16 one at a time",
    [1, 2, 3].map(() => ({ input: 100, output: 2 })),
    { engine: { max_num_seqs: 1 } },
    { ttft: [23.7706, 53.2877, 82.8049] },
  ],
  [
    "16 a budget of two tokens",
    [1, 2, 3, 4].map(() => ({ input: 1, output: 4 })),
    { engine: { max_num_batched_tokens: 2 } },
    { ttft: [22.2784, 22.2784, 61.7965, 61.7965], admit: [0, 0, 39.5182, 39.5182] },
  ],
  [
    "17 speed-ups",
    [{ input: 1000, output: 3 }],
    { engine: { speedup_ratio: 10, decode_speedup_ratio: 2 } },
    { ttft: [3.5002], ttst: [0.2896] },
  ],
  [
    "17 a speed-up of 0 is none",
    [{ input: 1000, output: 3 }],
    { engine: { speedup_ratio: 0, decode_speedup_ratio: 2 } },
    { ttft: [37.898579], ttst: [5.79272] },
  ],
  [
    "18 two drafts always accepted",
    [{ input: 1000, output: 7 }],
    { engine: { aic_nextn: 2, aic_nextn_accept_rates: "1,1" } },
    { ttft: [37.8986], ttst: [0], e2e: [49.484], tokens: [7] },
  ],
  [
    "18 drafts never accepted, one block less reused",
    [
      { at: 0, input: 1024, output: 2, ids: [1, 2] },
      { at: 1000, input: 1500, output: 2, ids: [1, 2, 3] },
    ],
    { engine: { aic_nextn: 1, aic_nextn_accept_rates: "0" } },
    { reused: [0, 960], ttft: [38.2834, 30.6423] },
  ],
  [
    "18 the same without speculation",
    [
      { at: 0, input: 1024, output: 2, ids: [1, 2] },
      { at: 1000, input: 1500, output: 2, ids: [1, 2, 3] },
    ],
    {},
    { reused: [0, 1024], ttft: [38.2834, 29.6432] },
  ],
  [
    "23 prefill and decode apart",
    [{ input: 1000, output: 4 }],
    { disaggregated: {} },
    { ttft: [37.8986], e2e: [55.2767] },
  ],
  [
    "23 with a transfer at 64 GB/s",
    [{ input: 1000, output: 4 }],
    { disaggregated: { prefill: { kv_bytes_per_token: 131_072, kv_transfer_bandwidth: 64 } } },
    { ttft: [39.9466] },
  ],
  [
    "23 only missing blocks at 1 GB/s",
    twice(1000, 4, 500),
    {
      disaggregated: {
        prefill: {
          kv_bytes_per_token: 131_072,
          kv_transfer_bandwidth: 1,
          kv_transfer_timing_mode: "destination_missing",
        },
      },
    },
    { ttft: [172.1163, 31.2908] },
  ],
  [
    "23 the whole prompt at 1 GB/s",
    twice(1000, 4, 500),
    { disaggregated: { prefill: { kv_bytes_per_token: 131_072, kv_transfer_bandwidth: 1 } } },
    { ttft: [168.9706, 153.9742] },
  ],
  ["23 one token", [{ input: 1000, output: 1 }], { disaggregated: {} }, { e2e: [37.8986] }],
  [
    "26 two attention-DP ranks in lockstep",
    [1000, 1500, 2000, 2500].map((input) => ({ input, output: 2 })),
    { engine: { dp_size: 2 } },
    { ttft: [89.9217, 89.9217, 89.9217, 89.9217] },
  ],
  [
    "26 two workers of two ranks: workers first, then ranks",
    [1000, 1500, 2000, 2500].map((input) => ({ input, output: 2 })),
    { engine: { dp_size: 2 }, flags: ["--num-workers", "2"] },
    { worker: [0, 2, 1, 3], ttft: [54.3977, 62.963, 54.3977, 62.963] },
  ],
];

describe("small traces, number by number", () => {
  for (const implementation of ["auto", "pass-by-pass"] as const) {
    test.each(cases)(`%s (${implementation})`, async (_, rows, options, expected) => {
      const { requests } = await smallRun(rows, { ...options, implementation });
      check(requests, expected);
    });
  }

  test("6 the ratio of reused prompt tokens", async () => {
    const { result } = await smallRun(twice(1024, 2, 1000));
    expect(result.prefix_cache_reused_ratio).toBeCloseTo(0.46875, 10);
  });

  test("11 reuse after a preemption counts in one ratio only", async () => {
    const { result } = await smallRun(oneAfterOther(20, 20), { engine: smallPool });
    expect(result.prefix_cache_reused_ratio).toBeCloseTo(0.125, 10);
    expect(result.first_admission_prefix_cache_reused_ratio).toBe(0);
  });
});

describe("requests that cannot run", () => {
  const reasonOf = (outcome: Awaited<ReturnType<typeof smallRun>>["outcome"], request: number) =>
    failureReasons[outcome.ledger.reason[request]!];

  test("13 a prompt larger than the pool is rejected and the next one runs", async () => {
    const rows = [
      { at: 0, input: 44, output: 2 },
      { at: 0, input: 4, output: 2 },
    ];
    const { result, outcome } = await smallRun(rows, { engine: smallPool });
    expect(reasonOf(outcome, 0)).toBe("prompt_exceeds_kv_pool");
    expect(result).toMatchObject({
      num_requests: 2,
      completed_requests: 1,
      rejected_requests: 1,
      total_input_tokens: 4,
    });
  });

  test("13 a request that outgrows the pool fails, where the reference gives the run up", async () => {
    const { outcome, result } = await smallRun([{ input: 40, output: 5 }], { engine: smallPool });
    expect(outcome.ledger.status[0]).toBe(RequestStatus.failed);
    expect(result.failure_reasons).toEqual({ outgrew_kv_pool: 1 });
  });

  test("12 TRT-LLM rejects a prompt as large as the pool", async () => {
    const rows = [
      { at: 0, input: 40, output: 5 },
      { at: 0, input: 4, output: 2 },
    ];
    const { requests } = await smallRun(rows, { engine: { ...smallPool, engine_type: "trtllm" } });
    expect(requests[0]!.status).toBe(RequestStatus.rejected);
    check(requests.slice(1), { ttft: [27.4458] });
  });

  test("14 a prompt as long as the model's length is rejected", async () => {
    const { outcome } = await smallRun([{ input: 128, output: 50 }], { engine: { max_model_len: 128 } });
    expect(reasonOf(outcome, 0)).toBe("prompt_exceeds_max_model_len");
  });

  test("a prompt over the budget without chunking fails, the ones behind it run", async () => {
    const rows = [
      { at: 0, input: 9000, output: 2 },
      { at: 1, input: 100, output: 2 },
    ];
    const { outcome, requests } = await smallRun(rows, { engine: { enable_chunked_prefill: false } });
    expect(reasonOf(outcome, 0)).toBe("prompt_exceeds_token_budget_without_chunking");
    expect(requests[1]!.status).toBe(RequestStatus.completed);
  });

  test("15 no output: it ends with its prompt and has no first token", async () => {
    const { result, requests } = await smallRun([{ input: 100, output: 0 }]);
    expect(requests[0]!.status).toBe(RequestStatus.completed);
    expect(requests[0]!.first).toBeNaN();
    expect(result.duration_ms).toBeCloseTo(18.023974, 5);
    expect(result.num_ttft_samples).toBe(0);
  });

  test("18 a burst the pool can never hold ends the request, not the run", async () => {
    const engine = { num_gpu_blocks: 4, block_size: 4, aic_nextn: 3, aic_nextn_accept_rates: "0,0,0" };
    const { requests } = await smallRun([{ input: 13, output: 20 }], { engine });
    expect(requests[0]!.status).toBe(RequestStatus.failed);
  });
});

describe("20 sessions", () => {
  const rows: SmallRow[] = [
    { at: 1000, input: 1024, output: 3, ids: [1, 2], session: "a" },
    { at: 1010, input: 512, output: 3, ids: [3], session: "b" },
    { input: 1536, output: 3, ids: [1, 2, 4], session: "a", delay: 50 },
    { at: 1060, input: 1024, output: 3, ids: [3, 5], session: "b" },
  ];

  test("open loop: a turn follows the end of the turn before and its think time", async () => {
    const { requests } = await smallRun(rows);
    check(requests, { arrival: [0, 10, 124.3171, 130.0868], reused: [0, 0, 1024, 512] });
  });

  test("arrivals and think times are divided by the speed-up", async () => {
    const { requests } = await smallRun(rows, { flags: ["--arrival-speedup-ratio", "2"] });
    check(requests.slice(2), { arrival: [99.3171, 105.0868] });
  });

  test("closed loop: a session holds its slot to its end", async () => {
    const { requests } = await smallRun(rows, { flags: ["--replay-concurrency", "1"] });
    const arrivals = requests.map(({ arrival }) => arrival).toSorted((a, b) => a - b);
    check(
      arrivals.map((arrival) => ({ ...requests[0]!, arrival })),
      { arrival: [0, 99.8755, 141.7249, 233.4163] },
    );
  });

  test("closed loop of two: both second turns at one instant", async () => {
    const { requests } = await smallRun(rows, { flags: ["--replay-concurrency", "2"] });
    check(requests.slice(2), { arrival: [108.2868, 108.2868] });
  });
});

test("21 turns that give only what is new", async () => {
  const rows = [
    { at: 0, input: 1024, output: 100, session: "a" },
    { input: 512, output: 1, session: "a", delay: 50 },
  ];
  const { requests, outcome } = await smallRun(rows, { format: "mooncake_delta" });
  expect(requests[1]!.arrival).toBeCloseTo(662.204, 3);
  expect(outcome.trace.inputLength[1]).toBe(1636);
  expect(requests[1]!.reused).toBe(1088);
  expect(requests[1]!.ttft).toBeCloseTo(30.774, 3);
});

test("29 percentiles of ten first tokens", async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({ at: i * 1000, input: 512 * (i + 1), output: 1 }));
  const { result } = await smallRun(rows);
  expect(result.min_ttft_ms).toBeCloseTo(30.152, 3);
  expect(result.median_ttft_ms).toBeCloseTo(73.016, 3);
  expect(result.p95_ttft_ms).toBeCloseTo(111.28, 3);
  expect(result.std_ttft_ms).toBeCloseTo(25.904, 3);
});

describe("30 goodput", () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({ at: i * 10, input: 1000, output: 10 }));

  test("requests within the bound on the first token", async () => {
    const { result } = await smallRun(rows, { sla: { ttftMs: 100, itlMs: null, e2eMs: null } });
    expect(result.goodput_completed_requests).toBe(4);
    expect(result.goodput_request_throughput_rps).toBeCloseTo(7.542838, 5);
    expect(result.goodput_output_throughput_tok_s).toBeCloseTo(75.42838, 4);
  });

  test("every bound must hold", async () => {
    const { result } = await smallRun(rows, { sla: { ttftMs: 100, itlMs: 20, e2eMs: null } });
    expect(result.goodput_completed_requests).toBe(0);
  });
});

test("31 a prompt is cut to its blocks; without a length it is as long as they are", async () => {
  const { outcome } = await smallRun([{ input: 5000, output: 1, ids: [1, 2] }]);
  expect(outcome.trace.inputLength[0]).toBe(1024);
});
