import { expect, test } from "vitest";
import { damagedReads, formatWriters } from "./format-writers.ts";

test.each(Object.keys(formatWriters))("%s is read or cleanly refused in 20,000 damaged files", async (name) => {
  expect(await damagedReads(name, 20_000)).toBeGreaterThan(2000);
});
