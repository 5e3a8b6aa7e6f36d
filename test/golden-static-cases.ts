/** Static runs of vLLM- and TRT-LLM-like engines behind round-robin routers that the aggregated engine takes. */
export const aggregatedCases = [
  "static/conv-disagg-3p2d",
  "static/conv-lifo4000",
  "static/conv-rr1-conc64",
  "static/conv-rr2-speedup2",
  "static/conv-rr3-bs16",
  "static/conv-rr4",
  "static/dis-conc",
  "static/dis-seq8",
  "static/ident-open",
  "static/syn-nocache",
  "static/syn-rr2",
  "static/syn-smallkv-lifo",
  "static/syn-trtllm",
  "static/syn-trtllm-smallkv",
  "static/tool1000-conc32x3",
  "static/tool1000-nochunk",
  "static/tool1000-rr2",
  "current/conv-disagg-3p2d",
  "current/conv-rr2-speedup2",
  "current/conv-rr4",
  "current/syn-disagg-2p1d-bw",
  "current/syn-nocache",
  "current/syn-rr2",
  "current/syn-smallkv-lifo",
  "current/syn-trtllm",
  "current/syn-trtllm-smallkv",
  "current/tool1000-rr2",
];

/** Those only the pass-by-pass engine takes: attention DP, speculation, FIFO preemption, tiny budgets. */
export const passByPassCases = [
  "static/conv-fifo4000",
  "static/dis-mtp",
  "static/dp2-small",
  "static/mtp-rand",
  "static/mtp-small",
  "static/mtp-trt",
  // Begun on the aggregated engine, repeated on the plain one (shortcut-failure.ts).
  "static/syn-disagg-2p1d-bw",
  "static/syn-dp2",
  "static/syn-mtp2",
  "static/tool1000-starve",
  "static/trt-dp2",
  "current/fifo-small",
  "current/syn-dp2",
];

/** Those of SGLang-like engines. */
export const sglangCases = [
  "static/syn-sglang",
  "static/syn-sglang-page16",
  "static/sgl-dis",
  "static/sgl1-small",
  "static/sgl16-lpm",
  "current/syn-sglang",
  "current/sgl1-small",
  "current/sgl16-lpm",
];

/** Those behind a KV-aware router, whose ties were drawn at random. */
export const kvRouterCases = [
  "static/conv-kv4",
  "static/syn-kv2",
  "static/conv-disagg-kv-3p2d",
  "static/kv-dp2",
  "static/dis-kvbw",
];
