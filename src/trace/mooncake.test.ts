import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { damagedCopies, oneOrMoreLines } from "../../test/format-writers.ts";
import { mooncakeLines } from "./mooncake-writer.ts";
import { openTrace } from "./open-trace.ts";
import type { OpenTraceOptions } from "./open-trace.ts";
import { TraceError } from "./trace-error.ts";
import { mergeTraces } from "./transform/merge-traces.ts";
import { sliceTrace } from "./transform/slice-trace.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-mooncake-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array, options: OpenTraceOptions = {}) {
  const path = join(folder, "trace.jsonl");
  writeFileSync(path, content);
  return openTrace(path, { format: "mooncake", ...options });
}

async function problemOf(content: string | Uint8Array, options: OpenTraceOptions = {}): Promise<string> {
  try {
    await read(content, options);
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
    return (error as Error).message.replaceAll(`${folder}/`, "");
  }
  return "no error";
}

function row(fields: Record<string, unknown> = {}): string {
  const all = { timestamp: 0, input_length: 600, output_length: 3, hash_ids: [1, 2], ...fields };
  return `${JSON.stringify(all)}\n`;
}

describe("Mooncake rows", () => {
  it("reads lengths, blocks in dense numbers, and arrivals shifted to 0, in file order", async () => {
    const trace = await read(
      row({ timestamp: 10.5, hash_ids: [7, 900] }) + row({ timestamp: 3.25, input_length: 700, hash_ids: [7, 5] }),
    );
    expect(trace.count).toBe(2);
    expect([...trace.arrivalMs]).toEqual([7.25, 0]);
    expect([...trace.inputLength]).toEqual([600, 700]);
    expect([...trace.outputLength]).toEqual([3, 3]);
    expect(trace.blocks?.blockSize).toBe(512);
    expect([...trace.blocks!.offsets]).toEqual([0, 2, 4]);
    expect([...trace.blocks!.ids]).toEqual([0, 1, 0, 2]);
    expect(trace.blocks?.distinct).toBe(3);
    expect(trace.sessions).toBeNull();
  });

  it("has no blocks when no prompt shares any", async () => {
    expect((await read(row({ hash_ids: [1, 2] }) + row({ hash_ids: [3, 4] }))).blocks).toBeNull();
  });

  it("clamps a prompt to its blocks, fills in a missing length, and drops blocks beyond it", async () => {
    const trace = await read(
      row({ input_length: 5000 }) + row({ input_length: undefined, hash_ids: [1] }) + row({ input_length: 512 }),
    );
    expect([...trace.inputLength]).toEqual([1024, 512, 512]);
    expect([...trace.blocks!.offsets]).toEqual([0, 2, 3, 4]);
    expect(trace.notes.join()).toContain("1 of 3 prompts were longer");
    expect((await read(row({ input_length: 99_999_999_999 }))).inputLength[0]).toBe(1024);
    expect((await read(row({ input_length: 5000 }), { traceBlockSize: 16 })).inputLength[0]).toBe(32);
  });

  it("knows the other names, ignores unknown fields, blank lines, line ends and nulls", async () => {
    const trace = await read(
      ' {"created_time":7,"input_tokens":600,"output_tokens":0,"hash_ids":[1,2],"x":{"a":[1,{"b":null}]},"y":"\\u00e9,}"}\r\n' +
        "\r\n \t\n" +
        '{"time\\u0073tamp":9,"input_length":null,"output_length":3,"hash_ids":[ 1 ],"session_id":null,"z":-1.5e3,"é":"ü"}',
    );
    expect([...trace.arrivalMs]).toEqual([0, 2]);
    expect([...trace.inputLength]).toEqual([600, 512]);
    expect([...trace.outputLength]).toEqual([0, 3]);
  });

  it("keeps 64-bit ids apart that a double cannot", async () => {
    const ids = "[18446744073709551615,18446744073709551614,9007199254740993,9007199254740992,4294967296,0]";
    const trace = await read(
      `{"timestamp":0,"output_length":1,"hash_ids":${ids}}\n{"timestamp":0,"output_length":1,"hash_ids":${ids},"priority":1}\n`,
    );
    expect([...trace.blocks!.ids]).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
  });

  it("reads gzip, standard input, and gzip from standard input", async () => {
    const bytes = Buffer.from(row() + row({ timestamp: 5 }));
    const path = join(folder, "trace.jsonl.gz");
    writeFileSync(path, gzipSync(bytes));
    expect((await openTrace(path)).count).toBe(2);
    expect((await openTrace("-", { stdin: Readable.from([bytes.subarray(0, 20), bytes.subarray(20)]) })).count).toBe(2);
    expect((await openTrace("-", { stdin: Readable.from([gzipSync(bytes)]) })).count).toBe(2);
  });
});

describe("sessions", () => {
  const turn = (session: string, fields: Record<string, unknown> = {}) =>
    row({ session_id: session, timestamp: undefined, ...fields });

  it("takes the explicit delay, else the timestamp difference, else none", async () => {
    const trace = await read(
      turn("a", { timestamp: 1000 }) +
        row({ timestamp: 1005 }) +
        turn("b", { timestamp: 1010, delay: 0 }) +
        turn("a", { delay: 50 }) +
        turn("b", { timestamp: 1060 }) +
        turn("a", { timestamp: 1500, delay_ms: 10 }) +
        turn("b") +
        turn("b", { timestamp: 1100 }),
    );
    expect(trace.sessions?.names).toEqual(["a", "request_2", "b"]);
    expect([...trace.sessions!.sessionOf]).toEqual([0, 1, 2, 0, 2, 0, 2, 2]);
    expect([...trace.sessions!.turnOf]).toEqual([0, 0, 0, 1, 1, 2, 2, 3]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 0, 0, 50, 50, 10, 0, 40]);
    expect([...trace.arrivalMs].slice(0, 3)).toEqual([0, 5, 10]);
  });

  it("counts rows before the first session as sessions of their own", async () => {
    const trace = await read(row() + row({ timestamp: 1 }) + turn("", { timestamp: 2 }));
    expect(trace.sessions?.names).toEqual(["request_1", "request_2", ""]);
  });

  it.each([
    [turn("a", { timestamp: 0, delay: 5 }), "trace.jsonl:1: delay must be 0 for the first turn of session a, found 5"],
    [row({ delay: 5 }), "trace.jsonl:1: delay must be 0 for a request without session_id, found 5"],
    [
      `\n${turn("a", { timestamp: 0 })}${turn("a", { delay: -1 })}`,
      "trace.jsonl:3: delay must be non-negative, found -1",
    ],
    [turn("a", { timestamp: 300 }) + turn("a", { timestamp: 100 }), "trace.jsonl:2: timestamp lies 200 ms before"],
    [turn("a"), "trace.jsonl:1: timestamp is missing: an open-loop run needs one for the first turn of session a"],
    [row({ timestamp: null }), "trace.jsonl:1: timestamp is missing: an open-loop run needs one for the request"],
    [
      turn("a", { timestamp: 0, delay: 0, delay_ms: 0 }),
      "trace.jsonl:1: delay and delay_ms are the same field; give one",
    ],
  ])("rejects %j", async (content, problem) => {
    expect(await problemOf(content)).toContain(problem);
  });

  it("needs no timestamps in a closed loop, but a base to infer a delay from", async () => {
    const trace = await read(turn("a") + turn("a") + row({ timestamp: undefined }), { arrivals: "optional" });
    expect([...trace.arrivalMs]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(await problemOf(turn("a") + turn("a", { timestamp: 5 }), { arrivals: "optional" })).toContain(
      "trace.jsonl:2: no turn of session a before this one has a timestamp",
    );
  });
});

describe("bad input", () => {
  it.each([
    ["", "trace.jsonl: holds no requests"],
    ["\n\n", "trace.jsonl: holds no requests"],
    [`${row()}{"timestamp":0,"input_l`, "trace.jsonl:2: not valid JSON: the line ends before"],
    [row().trim() + row(), 'trace.jsonl:1: not valid JSON at column 70: found "{"timestamp"'],
    ["[0,600,3,[1,2]]\n", "trace.jsonl:1: expected a JSON object"],
    [row({ timestamp: "5" }), 'trace.jsonl:1: timestamp must be a finite number of milliseconds, found "5"'],
    ['{"timestamp":1e999,"output_length":3,"hash_ids":[1]}', "trace.jsonl:1: timestamp must be a finite number"],
    ['{"timestamp":NaN,"output_length":3,"hash_ids":[1]}', "trace.jsonl:1: not valid JSON at column 14"],
    [
      row() + row({ timestamp: 3.6e12 }) + row({ timestamp: 9 }),
      "trace.jsonl:2: comes 3600000000000 ms after the first request, more than ten years: is its time in another unit?",
    ],
    [row({ input_length: -5 }), "trace.jsonl:1: input_length must be a non-negative integer, found -5"],
    [row({ input_length: 5.5 }), "trace.jsonl:1: input_length must be a non-negative integer, found 5.5"],
    [row({ input_length: 0 }), "trace.jsonl:1: input_length must be positive, found 0"],
    [row({ output_length: undefined }), "trace.jsonl:1: output_length is missing"],
    [row({ output_length: 3e9 }), "trace.jsonl:1: output_length must be at most 2147483647, found 3000000000"],
    [row({ hash_ids: undefined }), "trace.jsonl:1: hash_ids is missing"],
    [row({ hash_ids: [] }), "trace.jsonl:1: hash_ids is empty"],
    [row({ hash_ids: 7 }), "trace.jsonl:1: hash_ids must be an array of integers, found 7"],
    [row({ hash_ids: [1, -1] }), "trace.jsonl:1: hash_ids[1] must be an integer from 0 to 2^64 - 1, found -1"],
    ['{"timestamp":0,"output_length":3,"hash_ids":[1.0]}', "found 1.0"],
    ['{"timestamp":0,"output_length":3,"hash_ids":[18446744073709551616]}', "found 18446744073709551616"],
    ['{"timestamp":0,"timestamp":1,"output_length":3,"hash_ids":[1]}', 'the key "timestamp" stands twice'],
    [row({ created_time: 4 }), "timestamp and created_time are the same field"],
    [row({ session_id: 3 }), "trace.jsonl:1: session_id must be a string, found 3"],
    [row({ output_token_ids: [1, 2] }), "output_length 3 differs from the 2 entries of output_token_ids"],
    [Buffer.from([0x7b, 0xff, 0x7d]), "trace.jsonl:1: is not UTF-8 text"],
  ])("%j", async (content, problem) => {
    expect(await problemOf(content)).toContain(problem);
  });

  it("names files that cannot be read", async () => {
    await expect(openTrace(join(folder, "absent.jsonl"))).rejects.toThrow("absent.jsonl: no such file");
    await expect(openTrace(folder)).rejects.toThrow("is a folder without chunk-N-trace.csv, expected a trace file");
    const whole = join(folder, "whole.jsonl");
    writeFileSync(whole, row());
    const plain = join(folder, "plain.jsonl.gz");
    writeFileSync(plain, row());
    await expect(openTrace(plain)).rejects.toThrow("plain.jsonl.gz: is named .gz but is not gzip data");
    const cut = join(folder, "cut.jsonl.gz");
    writeFileSync(cut, gzipSync(row().repeat(500)).subarray(0, 60));
    await expect(openTrace(cut)).rejects.toThrow("cut.jsonl.gz: is damaged or cut-off gzip data");
    await expect(openTrace([whole, whole])).rejects.toThrow("expected one trace file, found 2");
  });

  it("stops at a line that never ends, in bounded memory", async () => {
    const filler = Buffer.alloc(1 << 20, "x");
    async function* endless() {
      yield Buffer.from(row());
      for (;;) yield filler;
    }
    await expect(openTrace("-", { stdin: Readable.from(endless()) })).rejects.toThrow(
      "stdin:2: line longer than 64 MiB",
    );
  });
});

describe("several mistakes", () => {
  const turn = (fields: Record<string, unknown>) => row({ session_id: "a", ...fields });

  it("are told together, all of a row's too", async () => {
    const content =
      row() + "oops\n" + row({ timestamp: "x", input_length: -1, hash_ids: undefined }) + row() + row({ hash_ids: [] });
    expect(await problemOf(content)).toBe(
      'trace.jsonl:2: not valid JSON at column 1: found "oops"\n' +
        'trace.jsonl:3: timestamp must be a finite number of milliseconds, found "x"\n' +
        "trace.jsonl:3: input_length must be a non-negative integer, found -1\n" +
        "trace.jsonl:3: hash_ids is missing\n" +
        "trace.jsonl:5: hash_ids is empty: a prompt needs at least one block",
    );
  });

  it("of the same kind are counted, and end the reading when there are many, or ten of different kinds", async () => {
    let read = 0;
    async function* endless() {
      for (; read < 1e6; read++) yield Buffer.from('{"timestamp":0}\n'.repeat(100_000));
    }
    const problem = await openTrace("-", { stdin: Readable.from(endless()) }).catch((error: Error) => error.message);
    expect(problem).toBe(
      "stdin:1: output_length is missing (and 499 more like it)\n" +
        "stdin:1: hash_ids is missing (and 499 more like it)\n" +
        "stdin: stopped looking after 1000 mistakes",
    );
    expect(read).toBeLessThan(10);
    const different = Array.from({ length: 20 }, (_, index) => row({ output_length: -index - 1 }));
    const lines = (await problemOf(different.join(""))).split("\n");
    expect(lines[9]).toBe("trace.jsonl:10: output_length must be a non-negative integer, found -10");
    expect(lines.slice(10)).toEqual(["trace.jsonl: stopped looking after 10 mistakes"]);
  });

  it("of a document that is no JSON Lines are one", async () => {
    for (const [content, cure] of [
      [JSON.stringify([JSON.parse(row())]), "jq -c '.[]'"],
      [JSON.stringify([JSON.parse(row())], null, 2), "jq -c '.[]'"],
      [JSON.stringify(JSON.parse(row()), null, 2), "jq -c ."],
    ] as const) {
      expect(await problemOf(content, { format: "auto" })).toBe(
        `trace.jsonl: is one JSON document; expected JSON Lines, an object on each line (${cure} writes them)`,
      );
    }
  });

  it("are told with the one that ends the reading", async () => {
    const gzip = gzipSync(Buffer.concat([Buffer.from("oops\n"), Buffer.from(row().repeat(50_000))]));
    const path = join(folder, "cut-later.jsonl.gz");
    writeFileSync(path, gzip.subarray(0, gzip.length - 40));
    await expect(openTrace(path)).rejects.toThrow(
      /cut-later\.jsonl\.gz:1: not valid JSON at column 1: found "oops"\n.*cut-later\.jsonl\.gz: is damaged or cut-off gzip data/,
    );
  });

  it("of turns are not told of turns that follow one at fault", async () => {
    expect(await problemOf(turn({ timestamp: 9 }) + turn({ timestamp: 5 }) + turn({ timestamp: 7 }))).toBe(
      "trace.jsonl:2: timestamp lies 4 ms before the turn before it in session a: a delay must not be negative",
    );
    expect(await problemOf(turn({ timestamp: 9, delay: 2 }) + turn({ delay: 1 }))).toBe(
      "trace.jsonl:1: delay must be 0 for the first turn of session a, found 2",
    );
    // The unreadable row may have been the session's first.
    expect(await problemOf(`oops\n${turn({ timestamp: 9, delay: 2 })}${turn({ timestamp: 5 })}`)).toBe(
      'trace.jsonl:1: not valid JSON at column 1: found "oops"',
    );
  });

  it("of the same kind about times are one", async () => {
    const untimed = row({ timestamp: undefined });
    expect(await problemOf(row() + untimed + untimed + untimed)).toBe(
      "trace.jsonl:2: timestamp is missing: an open-loop run needs one for the request, as for 2 others (a run with --replay-concurrency does not)",
    );
  });
});

describe("keys without meaning", () => {
  it("are passed over, with a word about those that resemble a field the row lacks", async () => {
    const trace = await read(
      row({ input_length: undefined, input_len: 600, type: "text", request_id: 7, model: { a: 1 } }) +
        row({ input_length: undefined, input_len: 600, type: "text", Delay: 3 }),
    );
    expect([...trace.inputLength]).toEqual([1024, 1024]);
    expect(trace.notes).toEqual([
      'line 1: the unknown key "input_len" is passed over; did you mean "input_length"?',
      'line 2: the unknown key "Delay" is passed over; did you mean "delay"?',
    ]);
    // Not where the field is given.
    expect((await read(row({ input_len: 5, timestamp_s: 3, session: 1, session_id: "s" }))).notes).toEqual([]);
  });

  it.each([
    [
      { output_length: undefined, output_lenght: 3 },
      'output_length is missing (found "output_lenght": did you mean "output_length"?)',
    ],
    [{ hash_ids: undefined, hash_id: [1] }, 'hash_ids is missing (found "hash_id": did you mean "hash_ids"?)'],
    [
      { timestamp: undefined, timestmp: 3 },
      'timestamp is missing (found "timestmp": did you mean "timestamp"?): an open',
    ],
  ])("stand in errors about the field they resemble: %j", async (fields, problem) => {
    expect(await problemOf(row() + row(fields))).toContain(`trace.jsonl:2: ${problem}`);
  });

  it("are refused where they stand twice, in any row", async () => {
    const twice = row().replace("}", ',"x":1,"x":2}');
    expect(await problemOf(twice)).toBe('trace.jsonl:1: the key "x" stands twice');
    expect(await problemOf(row({ x: 1 }) + twice)).toBe('trace.jsonl:2: the key "x" stands twice');
  });

  it("may be many", async () => {
    const rows = Array.from({ length: 1500 }, (_, index) => row({ [`key ${index}`]: index, [`é"${index}`]: "\n" }));
    const trace = await read(rows.join(""));
    expect(trace.count).toBe(1500);
    expect(trace.notes).toEqual([]);
  });
});

describe("properties", () => {
  const anyRow = fc.record({
    timestamp: fc.double({ min: -1e6, max: 1e9, noNaN: true }),
    input: fc.integer({ min: 1, max: 5000 }),
    output: fc.integer({ min: 0, max: 5000 }),
    ids: fc.array(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).chain((id) => fc.constantFrom(id, id % 50n)),
      {
        minLength: 1,
        maxLength: 12,
      },
    ),
    extra: fc.constantFrom("", ',"note":"plain"', ',"note":"\\u0041"', ',"n":[1,{}]', ',"n":-1.25'),
  });
  const textOf = (r: { timestamp: number; input: number; output: number; ids: bigint[]; extra: string }) =>
    `{"timestamp": ${r.timestamp}, "input_length": ${r.input}, "output_length": ${r.output}, "hash_ids": [${r.ids.join(", ")}]${r.extra}}\n`;

  it("gives back what was written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 20 }), async (rows) => {
        const trace = await openTrace("-", { stdin: Readable.from([Buffer.from(rows.map(textOf).join(""))]) });
        const earliest = Math.min(...rows.map((r) => r.timestamp));
        const dense = new Map<bigint, number>();
        for (const r of rows)
          for (const id of r.ids.slice(0, Math.ceil(r.input / 512))) if (!dense.has(id)) dense.set(id, dense.size);
        expect(trace.count).toBe(rows.length);
        rows.forEach((r, index) => {
          const length = Math.min(r.input, r.ids.length * 512);
          expect(trace.arrivalMs[index]).toBe(r.timestamp - earliest);
          expect(trace.inputLength[index]).toBe(length);
          expect(trace.outputLength[index]).toBe(r.output);
          if (trace.blocks !== null) {
            const { ids, offsets } = trace.blocks;
            const kept = r.ids.slice(0, Math.ceil(length / 512)).map((id) => dense.get(id));
            expect([...ids.subarray(offsets[index]!, offsets[index + 1]!)]).toEqual(kept);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it("reads or cleanly refuses any damage", async () => {
    const good = Buffer.from(
      textOf({
        timestamp: 1.5,
        input: 700,
        output: 3,
        ids: [1n, 2n ** 63n],
        extra: ',"session_id":"s","delay":0',
      }).repeat(3),
    );
    await fc.assert(
      fc.asyncProperty(damagedCopies(good), async (bytes) => {
        try {
          const trace = await openTrace("-", { stdin: Readable.from([bytes]), format: "mooncake" });
          expect(trace.count).toBeGreaterThan(0);
          expect(trace.inputLength.every((length) => length > 0)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(TraceError);
          expect((error as Error).message).toMatch(oneOrMoreLines);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it("reads priorities, and gives them back when written, merged and cut", async () => {
  const text = [
    { timestamp: 0, output_length: 1, hash_ids: [1], priority: -3, policy_class: "batch" },
    { timestamp: 1, output_length: 1, hash_ids: [1], strict_priority: 2, priority: 5 },
    { timestamp: 2, output_length: 1, hash_ids: [1] },
  ]
    .map((row) => `${JSON.stringify(row)}\n`)
    .join("");
  const trace = await read(text);
  expect([...trace.priorities!.boostSeconds]).toEqual([0, 5, 0]);
  expect([...trace.priorities!.strict]).toEqual([0, 2, 0]);
  expect(trace.priorities!.policyClasses!.names).toEqual(["batch"]);
  expect([...trace.priorities!.policyClasses!.classOf]).toEqual([0, -1, -1]);
  expect((await read([...mooncakeLines(trace)].join(""))).priorities).toEqual(trace.priorities);
  expect([...mergeTraces([trace, trace]).priorities!.strict]).toEqual([0, 0, 2, 2, 0, 0]);
  expect([...sliceTrace(trace, { fromSeconds: 0.001 }).priorities!.strict]).toEqual([2, 0]);
  await expect(read(text.replace('"batch"', "7"))).rejects.toThrow(":1: policy_class must be a string, found 7");
  await expect(read(text.replace("-3", "1.5"))).rejects.toThrow(":1: priority must be an integer");
});
