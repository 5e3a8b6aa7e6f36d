import { expect, test } from "vitest";
import { HandoffColumns } from "./handoff-columns.ts";

test("a request that is sent again starts without a trace of its hand-off", () => {
  const columnsOf = (handoffs: HandoffColumns) => Object.entries(handoffs) as [string, Float64Array | Int32Array][];
  const columns = new HandoffColumns(2);
  for (const [, column] of columnsOf(columns)) column.fill(7);
  columns.reset(1);
  const untouched = new Map(columnsOf(new HandoffColumns(2)));
  for (const [name, column] of columnsOf(columns)) {
    expect(column[1], name).toEqual(untouched.get(name)![1]);
    expect(column[0], name).toBe(7);
  }
});
