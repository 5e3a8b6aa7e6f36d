import { expect, test } from "vitest";
import { editDistance, nearestName, suggestion } from "./nearest-name.ts";

const known = ["num_gpu_blocks", "block_size", "max_num_seqs", "speedup_ratio", "decode_speedup_ratio"];

test.each([
  ["num_gpu_block", "num_gpu_blocks"],
  ["numGpuBlocks", "num_gpu_blocks"],
  ["blcok_size", "block_size"],
  ["block-size", "block_size"],
  ["speedup", "speedup_ratio"],
  ["gpu_blocks", "num_gpu_blocks"],
  ["dec", "decode_speedup_ratio"],
])("%s is most like %s", (found, nearest) => {
  expect(nearestName(found, known)).toBe(nearest);
});

test("a name but for its separators is nearer than a longer one that holds it", () => {
  const longer = ["decode_speedup_ratio", "speedup_ratio", "speedup_ratio_of_others"];
  expect(nearestName("Speedup-Ratio", longer)).toBe("speedup_ratio");
  expect(nearestName("speedupratio", longer.toReversed())).toBe("speedup_ratio");
  const intervals = ["load_adjustment_interval_seconds", "load_adjustment_interval"];
  expect(nearestName("load-adjustment-interval", intervals)).toBe("load_adjustment_interval");
});

test("nothing is suggested where nothing is near", () => {
  expect(nearestName("num", [...known, "num_workers"])).toBeNull();
  expect(nearestName("de", known)).toBeNull();
  expect(nearestName("temperature", known)).toBeNull();
  expect(suggestion("temperature", known)).toBe("");
  expect(suggestion("blocksize", known)).toBe(' (did you mean "block_size"?)');
});

test.each([
  ["", "abc", 3],
  ["abc", "abc", 0],
  ["abc", "acb", 1],
  ["kitten", "sitting", 3],
])("%s and %s differ by %d edits", (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
  expect(editDistance(b, a)).toBe(edits);
});
