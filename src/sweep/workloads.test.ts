import { describe, expect, it } from "vitest";
import { workloadKey } from "./workloads.ts";

describe("workloadKey", () => {
  it("tells presets of different seeds apart, and recorded traces not", () => {
    const key = (trace: string, seed: number) => workloadKey({ trace, seed });
    expect(key("preset:toolagent", 42)).not.toBe(key("preset:toolagent", 43));
    expect(key("trace.jsonl", 42)).toBe(key("trace.jsonl", 43));
  });

  it("tells closed loops apart, which take requests without times, but not how many go on at a time", () => {
    const key = (replayConcurrency?: number) =>
      workloadKey({ trace: "t.jsonl", ...(replayConcurrency === undefined ? {} : { replayConcurrency }) });
    expect(key(2)).not.toBe(key());
    expect(key(2)).toBe(key(64));
  });

  it("looks at the engine's block size and at nothing else of the engine", () => {
    const key = (extraEngineArgs: object) => workloadKey({ inputTokens: 64, extraEngineArgs });
    expect(key({ block_size: 16 })).not.toBe(key({ block_size: 64 }));
    expect(key({ engine_type: "trtllm" })).not.toBe(key({ engine_type: "vllm" }));
    expect(key({ engine_type: "sglang", sglang: { page_size: 16 } })).not.toBe(key({ engine_type: "sglang" }));
    expect(key({ block_size: 16, startup_time: 0 })).toBe(key({ block_size: 16, startup_time: 60 }));
  });
});
