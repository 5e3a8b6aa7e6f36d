import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import { packResult, unpackResult } from "./packed-result.ts";

test("a full result arrives as it was sent", async () => {
  const { result } = await smallRun([{ input: 100, output: 3 }], { engine: { num_gpu_blocks: 100, block_size: 64 } });
  expect(unpackResult(packResult(result))).toEqual(JSON.parse(JSON.stringify(result)));
});

test("one that cannot be read says why", () => {
  expect(unpackResult(Buffer.from("no gzip"))).toMatch(/^its full result cannot be read \(incorrect header check\); /);
  expect(unpackResult(gzipSync("{"))).toMatch(
    /^its full result cannot be read \(.*JSON.*\); leave --keep-results out$/,
  );
});
