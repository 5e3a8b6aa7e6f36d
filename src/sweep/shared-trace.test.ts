import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { openTrace } from "../trace/open-trace.ts";
import type { Trace } from "../trace/trace.ts";
import { shareTrace } from "./shared-trace.ts";
import { bytesOf, mapColumns, type Column } from "./trace-columns.ts";
import { loadSharedWorkload } from "./workloads.ts";

/** Turns every byte of every column it is sent around, and tells how many columns there were. */
const code = `
  const { parentPort, workerData } = require("node:worker_threads");
  const turn = (value) => {
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] ^= 255;
      return 1;
    }
    if (typeof value !== "object" || value === null) return 0;
    return Object.values(value).reduce((sum, part) => sum + turn(part), 0);
  };
  parentPort.postMessage(turn(workerData));`;

const columnsOf = (trace: Trace): Column[] => {
  const columns: Column[] = [];
  mapColumns<unknown>(trace, (column) => columns.push(column));
  return columns;
};

const workloads: readonly (readonly [string, () => Promise<Trace>])[] = [
  ["a preset", async () => shareTrace(await openTrace("preset:conversation"))],
  ["requests made up in sessions", async () => (await loadSharedWorkload(sessions)).trace],
];
const sessions = { inputTokens: 100, outputTokens: 5, requestCount: 60, requestRate: 9, turnsPerSession: 3 };

test.each(workloads)("every thread reads the same bytes of %s, none a copy", async (_, load) => {
  const trace = await load();
  const columns = columnsOf(trace);
  expect(columns.length).toBeGreaterThan(4);
  const expected = columns.map((column) => bytesOf(column).map((byte) => byte ^ 255));
  const turned = await new Promise((resolve, reject) => {
    new Worker(code, { eval: true, workerData: trace }).once("message", resolve).once("error", reject);
  });
  expect(turned).toBe(columns.length);
  expect(columns.every((column, place) => Buffer.from(expected[place]!).equals(bytesOf(column)))).toBe(true);
});
