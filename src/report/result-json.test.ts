import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { resultDigest, sortKeys } from "../result/digest.ts";
import type { RunResult } from "../result/schema.ts";
import { resultJson } from "./result-json.ts";

const ticks = Array.from({ length: 3_000 }, (_, k) => ({
  t_s: k,
  reason: k % 2 === 0 ? null : 'it said "no"\u2028',
  pools: { agg: { target: undefined, active: [k, 1], engines: {} } },
}));
const result = { planner: { ticks, policy: "mine" }, warnings: [], trace: { notes: ["a"], name: "x" }, gpu_hours: 1 };

test("a long result comes in pieces that make one JSON document with sorted keys", () => {
  const pieces = [...resultJson(result as unknown as RunResult)];
  expect(pieces.length).toBeGreaterThan(3);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(100_000);
  const text = pieces.join("");
  expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(sortKeys(result)));
  expect(
    text.startsWith('{\n  "gpu_hours": 1,\n  "planner": {\n    "policy": "mine",\n    "ticks": [\n      {\n'),
  ).toBe(true);
  expect(text).toContain(
    '          "agg": {\n            "active": [2999,1],\n            "engines": {}\n          }\n',
  );
  expect(text.endsWith('  "warnings": []\n}\n')).toBe(true);
});

test("the digest of a long result is that of its whole JSON", () => {
  const whole = { ...result, trace: { notes: ["a"] } };
  expect(resultDigest({ ...result, digest: "not of it" })).toBe(
    createHash("sha256")
      .update(JSON.stringify(sortKeys(whole)))
      .digest("hex"),
  );
});
