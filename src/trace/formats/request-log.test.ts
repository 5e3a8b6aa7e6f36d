import { describe, expect, it } from "vitest";
import { readDamaged, readText } from "../../../test/format-writers.ts";
import { simulate } from "../../replay.ts";
import { openTrace } from "../open-trace.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../../../test/run-cli.ts";

const csv = (header: string, ...rows: string[]) => [header, ...rows, ""].join("\n");
const jsonl = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const day = Date.UTC(2026, 4, 1, 8);

describe("a log is recognised", () => {
  it.each([
    [
      "epoch seconds",
      csv("timestamp,prompt_tokens,completion_tokens", `${day / 1000}.25,9,3`, `${day / 1000 + 2},8,4`),
    ],
    ["a unit in the name", csv("start_ms,input_tokens,output_tokens", `${day + 250},9,3`, `${day + 2000},8,4`)],
    ["ISO times with a zone", csv("time,isl,osl", "2026-05-01T10:00:00.250+02:00,9,3", "2026-05-01T10:00:02+0200,8,4")],
    ["Postgres", csv("created_at,isl,osl", "2026-05-01 08:00:00.25+00,9,3", "2026-05-01 08:00:02+00,8,4")],
    ["European dates", csv("Time;Prompt tokens;Output tokens", "1.5.2026 8:00:00,250;9;3", "01.05.2026 08:00:02;8;4")],
    [
      "Apache's",
      csv("ts\tinput_length\toutput_length", "01/May/2026:08:00:00.25 +0000\t9\t3", "01/May/2026:08:00:02 +0000\t8\t4"),
    ],
    [
      "OpenAI's usage",
      jsonl(
        { created: day / 1000 + 0.25, usage: { prompt_tokens: 9, completion_tokens: 3 } },
        { created: day / 1000 + 2, usage: { prompt_tokens: 8, completion_tokens: 4 } },
      ),
    ],
    [
      "OpenTelemetry's attributes, in nanoseconds",
      jsonl(
        { start_time: (day + 250) * 1e6, "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3 },
        { start_time: (day + 2000) * 1e6, "gen_ai.usage.input_tokens": 8, "gen_ai.usage.output_tokens": 4 },
      ),
    ],
  ])("%s", async (_, text) => {
    const trace = await readText(text);
    expect([...trace.inputLength]).toEqual([9, 8]);
    expect([...trace.outputLength]).toEqual([3, 4]);
    expect(trace.arrivalMs[0]).toBe(0);
    expect(trace.arrivalMs[1]).toBeCloseTo(1750, 2);
    expect(trace.startUnixMs).toBeCloseTo(day + 250, 0);
    expect(trace.notes[0]).toMatch(/^Log: arrival from ".+" \(.+\), prompt tokens from ".+", output tokens from ".+"$/);
  });

  it("by names and a pattern that are told", async () => {
    const text = csv("when,a,b,c", '"5/1/2026 11:59:58 PM",m,9,3', '"5/2/2026 12:00:00 AM",m,8,4');
    const trace = await readText(text, {
      traceColumns: "time=When, input=b,output=c",
      traceTimeFormat: "MM/DD/YYYY hh:mm:ss A",
    });
    expect([...trace.arrivalMs]).toEqual([0, 2000]);
    expect([...trace.inputLength]).toEqual([9, 8]);
  });

  it("by a unit that is told, of times that are no dates", async () => {
    const text = jsonl({ t: 5, usage: null }, { t: 1.5, usage: { in: 9, out: 3 } }, { t: 4, usage: { in: 8, out: 4 } });
    const trace = await readText(text, {
      traceColumns: "time=t,input=usage.in,output=usage.out",
      traceTimeFormat: "s",
    });
    expect([...trace.arrivalMs]).toEqual([0, 2500]);
    expect(trace.startUnixMs).toBeUndefined();
    expect(trace.notes).toContain("1 row left out: usage.in is empty");
  });
});

it("keeps all digits of dates, in the usual shape and in others", async () => {
  const rows = ["2026-05-01T08:00:00.258000001,7,1", "2026-05-01 08:00:00.258123456Z,7,1", "2026-5-1 8:00:00.3,7,1"];
  const trace = await readText(csv("time,isl,osl", ...rows));
  expect([...trace.arrivalMs]).toEqual([0, expect.closeTo(0.123455, 9), expect.closeTo(41.999999, 9)]);
  expect(trace.startUnixMs).toBeCloseTo(day + 258, 3);
  const numbers = await readText(csv("time,isl,osl", "1777622400.258,7,1", "1777622401.258123,7,1"));
  expect(numbers.arrivalMs[1]).toBeCloseTo(1000.123, 3);
});

it("leaves rows without counts out, and keeps answers of no tokens", async () => {
  const trace = await readText(
    csv("time,prompt_tokens,completion_tokens", "2026-05-01 08:00:00,,", "2026-05-01 08:00:01,7,0"),
  );
  expect([...trace.inputLength]).toEqual([7]);
  expect([...trace.outputLength]).toEqual([0]);
  expect(trace.notes).toContain("1 row left out: prompt_tokens is empty");
});

describe("sessions", () => {
  const text = csv(
    "time,session_id,prompt_tokens,completion_tokens",
    "2026-05-01 08:00:00,a,40,5",
    "2026-05-01 08:00:01,b,40,5",
    "2026-05-01 08:00:02,a,70,5",
    "2026-05-01 08:00:03,a,35,5",
    "2026-05-01 08:00:04,,35,5",
  );

  it("are told of where they are not asked for", async () => {
    const trace = await readText(text);
    expect(trace.blocks).toBeNull();
    expect(trace.notes.join("\n")).toContain("--trace-columns session=session_id");
  });

  it("let a longer prompt begin with the one before it", async () => {
    const trace = await readText(text, { traceColumns: "session=session_id" });
    const { ids, offsets, blockSize } = trace.blocks!;
    const of = (row: number) => [...ids.subarray(offsets[row]!, offsets[row + 1]!)];
    expect(blockSize).toBe(16);
    expect([of(0).slice(0, 2), of(1).slice(0, 2)]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(of(2).slice(0, 2)).toEqual([0, 1]);
    expect(
      of(3)
        .slice(0, 2)
        .some((id) => of(2).includes(id)),
    ).toBe(false);
    expect([0, 1, 2, 3, 4].map((row) => of(row).length)).toEqual([3, 3, 5, 3, 3]);
    expect([...trace.arrivalMs]).toEqual([0, 1000, 2000, 3000, 4000]);
  });
});

describe("what cannot be read is told", () => {
  const rows = csv("time,prompt_tokens,completion_tokens", "1,2,3", "2,2,3");
  it.each([
    [
      rows,
      {},
      'stdin:2: time must be a time known by sight, or with a unit told by --trace-time-format s, ms, us or ns; found "1" (and 1 more like it)',
    ],
    [
      csv("time,isl,osl", "05/01/2026 08:00,2,3"),
      {},
      'described with --trace-time-format, such as "DD/MM/YYYY HH:mm:ss"; found "05/01/2026 08:00"',
    ],
    [csv("time,isl,osl", "2026-02-29 08:00:00,2,3"), {}, "stdin:2: time must be a time known by sight"],
    [
      csv("time,isl,osl", "2026-02-28 08:00:00,2,3", "soon,2,3"),
      {},
      'stdin:3: time must be a time like YYYY-MM-DD HH:mm:ss, found "soon"',
    ],
    [
      rows,
      { traceTimeFormat: "fortnights" },
      '--trace-time-format: found "fortnights", expected s, ms, us, ns or a pattern',
    ],
    [rows, { traceColumns: "inputs=a,input=" }, '--trace-columns: found "inputs=a" (did you mean "input"?)'],
    [
      rows,
      { traceColumns: "input=prompt_tokns" },
      'stdin:1: no column "prompt_tokns" (did you mean "prompt_tokens"?); found time,',
    ],
    [
      csv("a,b", "1,2"),
      { traceColumns: "time=a" },
      "stdin:1: no column known for the prompt tokens: name it with --trace-columns input=NAME; found a, b",
    ],
    [
      rows,
      { traceColumns: "time=time", format: "vidur" },
      "stdin: is read as vidur; --trace-columns and --trace-time-format are for logs",
    ],
    [
      jsonl({ when: 1, a: 2, b: 3 }),
      {},
      "hash_ids is missing (for a log of your own name its columns: --trace-columns",
    ],
    ["", { traceColumns: "time=a" }, "stdin: holds no requests"],
    [csv("time,isl,osl\u0000", "2026-02-29 08:00:00,2,3"), {}, "stdin:2: time must be a time known by sight"],
  ])("%j %j", async (text, options, problem) => {
    await expect(readText(text, options)).rejects.toThrow(problem);
  });
});

it.each([
  [
    "JSONL",
    jsonl(
      { ts: day, chat: { id: "a" }, usage: { prompt_tokens: 90, completion_tokens: 3 } },
      { ts: day + 2000.5, chat: { id: 7 }, usage: { prompt_tokens: 99, completion_tokens: 4 } },
    ),
  ],
  [
    "CSV",
    csv(
      "ts\tchat.id\tprompt_tokens\tcompletion_tokens",
      "1 May 2026 08:00:00 +0000\ta\t90\t3",
      "1 May 2026 08:00:02.5 +0000\ta\t99\t4",
    ),
  ],
])("with sessions is read or cleanly refused however it is damaged: %s", async (_, text) => {
  expect(await readDamaged(Buffer.from(text), { traceColumns: "session=chat.id" }, 2000)).toBeGreaterThan(200);
});

it("takes several files as one log, on one clock", async () => {
  const folder = scratchFolder();
  const files = ["b.csv", "a.jsonl", "bad.csv"].map((name) => join(folder, name));
  writeFileSync(files[0]!, csv("time,isl,osl", "2026-05-02 08:00:00,8,2"));
  writeFileSync(files[1]!, jsonl({ timestamp: "2026-05-01T08:00:00Z", prompt_tokens: 9, completion_tokens: 3 }));
  writeFileSync(files[2]!, csv("time,isl,osl", "2026-05-02 08:00:00,8,2", "2026-05-02 08:00:00,x,2"));
  const trace = await openTrace(files.slice(0, 2));
  expect([...trace.inputLength]).toEqual([8, 9]);
  expect([...trace.arrivalMs]).toEqual([86_400_000, 0]);
  expect(trace.startUnixMs).toBe(day);
  await expect(openTrace(files)).rejects.toThrow(`${files[2]}:3: isl must be an integer`);
  const result = await simulate({ trace: files.slice(0, 2), traceFormat: "log" });
  expect(result.completed_requests).toBe(2);
});

it("is replayed from code with the columns told", async () => {
  const path = join(scratchFolder(), "log.csv");
  writeFileSync(path, csv("when,a,b", "0,100,5", "1,50,4"));
  const result = await simulate({ trace: path, traceColumns: "time=when,input=a,output=b", traceTimeFormat: "s" });
  expect(result.completed_requests).toBe(2);
  expect(result.config["run.trace_columns"]).toEqual({ value: "time=when,input=a,output=b", from: "given" });
});
