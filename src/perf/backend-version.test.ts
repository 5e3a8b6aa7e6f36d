import { describe, expect, it } from "vitest";
import { unmeasuredVersion, wrongVersion } from "./backend-version.ts";

describe("a version no tables are read for", () => {
  it.each([
    ["vllm", "0.24.0"],
    ["vllm", "v0.24.0"],
    ["sglang", "0.5.6.post2"],
    ["trtllm", "1.3.0rc20"],
    ["trtllm", "current"],
  ] as const)("says nothing of %s %s, which has them", (backend, version) => {
    expect(wrongVersion(backend, version)).toBeNull();
    expect(unmeasuredVersion(backend, version)).toBeNull();
  });

  it.each([
    ["vllm", "0.25.1", "0.24.0"],
    ["vllm", "0.9.0", "0.11.0"],
    ["sglang", "0.5.11", "0.5.10"],
    ["trtllm", "1.3.0rc12", "1.3.0rc10"],
    ["trtllm", "1.9.0", "1.3.0rc23"],
  ] as const)("names the release before %s %s, or the first there is", (backend, version, nearest) => {
    expect(wrongVersion(backend, version)).toBeNull();
    expect(unmeasuredVersion(backend, version)).toContain(`(nearest: ${nearest})`);
  });

  it.each([
    ["vllm", "1.3.0rc20", /is a release of trtllm, not of vllm/],
    ["vllm", "2.0", /is no release of vllm/],
    ["vllm", "newest", /is no release of vllm/],
    ["sglang", "0.24.0", null],
  ] as const)("refuses for %s %s only what it never had", (backend, version, wrong) => {
    if (wrong === null) expect(wrongVersion(backend, version)).toBeNull();
    else expect(wrongVersion(backend, version)).toMatch(wrong);
  });
});
