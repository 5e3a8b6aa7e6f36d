import { describe, expect, test } from "vitest";
import { AxisError, parseAxis } from "./axis.ts";

const valuesOf = (text: string) => {
  const { range } = parseAxis(`engine.x=${text}`);
  return range.kind === "values" ? range.values : range;
};

describe("ranges", () => {
  test.each([
    ["1,2,3", [1, 2, 3]],
    ["7", [7]],
    ["true,null,kv_router,1e3", [true, null, "kv_router", 1000]],
    ["0:300:100", [0, 100, 200, 300]],
    ["0:1:0.1", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    ["0:0.3:0.1", [0, 0.1, 0.2, 0.3]],
    ["0:5:2", [0, 2, 4]],
    ["4:4:1", [4]],
    ["0:4.5e-7:1.5e-7", [0, 1.5e-7, 3e-7, 4.5e-7]],
    ["lin:0:1:3", [0, 0.5, 1]],
    ["log:1:1000:4", [1, 10, 100, 1000]],
    ["log:2:9:1", [2]],
    ["uniform:0:5", { kind: "span", low: 0, high: 5, scale: "linear" }],
    ["loguniform:0.1:5", { kind: "span", low: 0.1, high: 5, scale: "log" }],
    // Texts with colons that are no ranges.
    ["preset:conversation", ["preset:conversation"]],
    ["preset:conversation,preset:wave", ["preset:conversation", "preset:wave"]],
    ["localhost:6379", ["localhost:6379"]],
    ["redis://localhost:6379:0", ["redis://localhost:6379:0"]],
    ["127.0.0.1:8000", ["127.0.0.1:8000"]],
    ["C:\\traces\\1:2.jsonl", ["C:\\traces\\1:2.jsonl"]],
    ["2026-11-29T10:30:00", ["2026-11-29T10:30:00"]],
    ["10:30:00.jsonl", ["10:30:00.jsonl"]],
    ["600s:agg:0", ["600s:agg:0"]],
    ["10:30:00,11:30:00", ["10:30:00", "11:30:00"]],
    ["1,host:2", [1, "host:2"]],
  ])("%s", (text, expected) => expect(valuesOf(text)).toEqual(expected));

  test("the key may have dots, the value an equals sign", () => {
    expect(parseAxis("engine.sglang.page_size=a=b")).toEqual({
      key: "engine.sglang.page_size",
      range: { kind: "values", values: ["a=b"] },
    });
  });
});

test.each([
  ["engine.x", /expected KEY=RANGE/],
  ["=1", /expected KEY=RANGE/],
  ["engine.x=", /--vary engine.x: the range is empty/],
  ["engine.x=1,,2", /an empty value between commas/],
  ["engine.x=5:1:1", /the range 5:1 is empty/],
  ["engine.x=1:5:0", /the step must be above 0, found 0/],
  ["engine.x=1:5", /expected low:high:step/],
  ["engine.x=lin:1:5", /expected lin:low:high:count/],
  ["engine.x=0:x:10", /in the range "0:x:10" \(low:high:step\) high must be a number, found "x"$/],
  ["engine.x=x:300:10", /low must be a number, found "x"$/],
  ["engine.x=0:300:", /step must be a number, found ""$/],
  ["engine.x=0s:300s:10s", /low must be a number, found "0s"; high must .*, found "300s"; step must .*, found "10s"$/],
  ["engine.x=0:3OO:10", /high must be a number, found "3OO"$/],
  ["engine.x=0:300:x:10", /found "0:300:x:10", expected low:high:step$/],
  [
    "engine.x=unifrom:0:5",
    /unknown range "unifrom" \(did you mean "uniform"\?\), expected lin, log, uniform, loguniform or/,
  ],
  ["engine.x=linspace:0:1:5", /unknown range "linspace"/],
  ["engine.x=LOG:1:1000:4", /unknown range "LOG" \(did you mean "log"\?\)/],
  ["engine.x=lin:a:5:x", /in the range "lin:a:5:x" \(lin:low:high:count\) low must be .* "a"; count must be .* "x"$/],
  ["engine.x=uniform:0:y", /in the range "uniform:0:y" \(uniform:low:high\) high must be a number, found "y"$/],
  ["engine.x=0:100:10,200", /found the range "0:100:10" among values, expected a range alone or values only/],
  ["engine.x=0,5:10:1", /found the range "5:10:1" among values/],
  ["engine.x=5,lin:0:1:3", /found the range "lin:0:1:3" among values/],
  ["engine.x=lin:1:5:2.5", /count must be a whole number/],
  ["engine.x=log:0:5:3", /must start above 0, found 0/],
  ["engine.x=loguniform:-1:5", /must start above 0, found -1/],
  ["engine.x=uniform:5:1", /the range 5:1 is empty/],
  ["engine.x=0:1e9:1", /at most 1000000 are allowed/],
])("refuses %s", (text, message) => {
  expect(() => parseAxis(text)).toThrow(AxisError);
  expect(() => parseAxis(text)).toThrow(message);
});
