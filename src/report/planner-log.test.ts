import { expect, test } from "vitest";
import type { RunResult } from "../result/schema.ts";
import { plannerLog } from "./planner-log.ts";

test("moments are written as Python writes them: without a fraction, or in microseconds", () => {
  const tick = (timestamp_s: number) => ({ record: { timestamp_s, decode_engines: [] } });
  const result = { planner: { ticks: [5, 7.5, 0.000001].map(tick) }, config: {} } as unknown as RunResult;
  const rows = [...plannerLog(result, null)!].slice(1).map((line) => JSON.parse(line) as { timestamp_utc: string });
  expect(rows.map(({ timestamp_utc: at }) => at)).toEqual([
    "1970-01-01T00:00:05+00:00",
    "1970-01-01T00:00:07.500000+00:00",
    "1970-01-01T00:00:00.000001+00:00",
  ]);
});
