import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { mooncakeFile, mooncakeRow } from "../../test/mooncake-file.ts";
import { openTrace } from "./open-trace.ts";

const { folder, read, problemOf } = mooncakeFile();
afterAll(() => rmSync(folder, { recursive: true }));

describe("bad input", () => {
  it.each([
    ["", "trace.jsonl: holds no requests"],
    ["\n\n", "trace.jsonl: holds no requests"],
    [`${mooncakeRow()}{"timestamp":0,"input_l`, "trace.jsonl:2: not valid JSON: the line ends before"],
    [mooncakeRow().trim() + mooncakeRow(), 'trace.jsonl:1: not valid JSON at column 70: found "{"timestamp"'],
    ["[0,600,3,[1,2]]\n", "trace.jsonl:1: expected a JSON object"],
    [mooncakeRow({ timestamp: "5" }), 'trace.jsonl:1: timestamp must be a finite number of milliseconds, found "5"'],
    ['{"timestamp":1e999,"output_length":3,"hash_ids":[1]}', "trace.jsonl:1: timestamp must be a finite number"],
    ['{"timestamp":NaN,"output_length":3,"hash_ids":[1]}', "trace.jsonl:1: not valid JSON at column 14"],
    [
      mooncakeRow() + mooncakeRow({ timestamp: 3.6e12 }) + mooncakeRow({ timestamp: 9 }),
      "trace.jsonl:2: comes 3600000000000 ms after the first request, more than ten years: is its time in another unit?",
    ],
    [mooncakeRow({ input_length: -5 }), "trace.jsonl:1: input_length must be a non-negative integer, found -5"],
    [mooncakeRow({ input_length: 5.5 }), "trace.jsonl:1: input_length must be a non-negative integer, found 5.5"],
    [mooncakeRow({ input_length: 0 }), "trace.jsonl:1: input_length must be positive, found 0"],
    [mooncakeRow({ output_length: undefined }), "trace.jsonl:1: output_length is missing"],
    [mooncakeRow({ output_length: 3e9 }), "trace.jsonl:1: output_length must be at most 2147483647, found 3000000000"],
    [mooncakeRow({ hash_ids: undefined }), "trace.jsonl:1: hash_ids is missing"],
    [mooncakeRow({ hash_ids: [] }), "trace.jsonl:1: hash_ids is empty"],
    [mooncakeRow({ hash_ids: 7 }), "trace.jsonl:1: hash_ids must be an array of integers, found 7"],
    [mooncakeRow({ hash_ids: [1, -1] }), "trace.jsonl:1: hash_ids[1] must be an integer from 0 to 2^64 - 1, found -1"],
    ['{"timestamp":0,"output_length":3,"hash_ids":[1.0]}', "found 1.0"],
    ['{"timestamp":0,"output_length":3,"hash_ids":[18446744073709551616]}', "found 18446744073709551616"],
    ['{"timestamp":0,"timestamp":1,"output_length":3,"hash_ids":[1]}', 'the key "timestamp" stands twice'],
    [mooncakeRow({ created_time: 4 }), "timestamp and created_time are the same field"],
    [mooncakeRow({ session_id: 3 }), "trace.jsonl:1: session_id must be a string, found 3"],
    [mooncakeRow({ output_token_ids: [1, 2] }), "output_length 3 differs from the 2 entries of output_token_ids"],
    [Buffer.from([0x7b, 0xff, 0x7d]), "trace.jsonl:1: is not UTF-8 text"],
  ])("%j", async (content, problem) => {
    expect(await problemOf(content)).toContain(problem);
  });

  it("names files that cannot be read", async () => {
    await expect(openTrace(join(folder, "absent.jsonl"))).rejects.toThrow("absent.jsonl: no such file");
    await expect(openTrace(folder)).rejects.toThrow("is a folder without chunk-N-trace.csv, expected a trace file");
    const whole = join(folder, "whole.jsonl");
    writeFileSync(whole, mooncakeRow());
    const plain = join(folder, "plain.jsonl.gz");
    writeFileSync(plain, mooncakeRow());
    await expect(openTrace(plain)).rejects.toThrow("plain.jsonl.gz: is named .gz but is not gzip data");
    const cut = join(folder, "cut.jsonl.gz");
    writeFileSync(cut, gzipSync(mooncakeRow().repeat(500)).subarray(0, 60));
    await expect(openTrace(cut)).rejects.toThrow("cut.jsonl.gz: is damaged or cut-off gzip data");
    await expect(openTrace([whole, whole])).rejects.toThrow("expected one trace file, found 2");
  });

  it("stops at a line that never ends, in bounded memory", async () => {
    const filler = Buffer.alloc(1 << 20, "x");
    async function* endless() {
      yield Buffer.from(mooncakeRow());
      for (;;) yield filler;
    }
    await expect(openTrace("-", { stdin: Readable.from(endless()) })).rejects.toThrow(
      "stdin:2: line longer than 64 MiB",
    );
  });
});

describe("several mistakes", () => {
  const turn = (fields: Record<string, unknown>) => mooncakeRow({ session_id: "a", ...fields });

  it("are told together, all of a row's too", async () => {
    const content =
      mooncakeRow() +
      "oops\n" +
      mooncakeRow({ timestamp: "x", input_length: -1, hash_ids: undefined }) +
      mooncakeRow() +
      mooncakeRow({ hash_ids: [] });
    expect(await problemOf(content)).toBe(
      'trace.jsonl:2: not valid JSON at column 1: found "oops"\n' +
        'trace.jsonl:3: timestamp must be a finite number of milliseconds, found "x"\n' +
        "trace.jsonl:3: input_length must be a non-negative integer, found -1\n" +
        "trace.jsonl:3: hash_ids is missing (where prompts are known by length only: --trace-format log)\n" +
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
    const different = Array.from({ length: 20 }, (_, index) => mooncakeRow({ output_length: -index - 1 }));
    const lines = (await problemOf(different.join(""))).split("\n");
    expect(lines[9]).toBe("trace.jsonl:10: output_length must be a non-negative integer, found -10");
    expect(lines.slice(10)).toEqual(["trace.jsonl: stopped looking after 10 mistakes"]);
  });

  it("of a document that is no JSON Lines are one", async () => {
    for (const [content, cure] of [
      [JSON.stringify([JSON.parse(mooncakeRow())]), "jq -c '.[]'"],
      [JSON.stringify([JSON.parse(mooncakeRow())], null, 2), "jq -c '.[]'"],
      [JSON.stringify(JSON.parse(mooncakeRow()), null, 2), "jq -c ."],
    ] as const) {
      expect(await problemOf(content, { format: "auto" })).toBe(
        `trace.jsonl: is one JSON document; expected JSON Lines, an object on each line (${cure} writes them)`,
      );
    }
  });

  it("are told with the one that ends the reading", async () => {
    const gzip = gzipSync(Buffer.concat([Buffer.from("oops\n"), Buffer.from(mooncakeRow().repeat(50_000))]));
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
    const untimed = mooncakeRow({ timestamp: undefined });
    expect(await problemOf(mooncakeRow() + untimed + untimed + untimed)).toBe(
      "trace.jsonl:2: timestamp is missing: an open-loop run needs one for the request, as for 2 others (a run with --replay-concurrency does not)",
    );
  });
});

describe("keys without meaning", () => {
  it("are passed over, with a word about those that resemble a field the row lacks", async () => {
    const trace = await read(
      mooncakeRow({ input_length: undefined, input_len: 600, type: "text", request_id: 7, model: { a: 1 } }) +
        mooncakeRow({ input_length: undefined, input_len: 600, type: "text", Delay: 3 }),
    );
    expect([...trace.inputLength]).toEqual([1024, 1024]);
    expect(trace.notes).toEqual([
      'line 1: the unknown key "input_len" is passed over; did you mean "input_length"?',
      'line 2: the unknown key "Delay" is passed over; did you mean "delay"?',
    ]);
    // Not where the field is given.
    expect((await read(mooncakeRow({ input_len: 5, timestamp_s: 3, session: 1, session_id: "s" }))).notes).toEqual([]);
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
    expect(await problemOf(mooncakeRow() + mooncakeRow(fields))).toContain(`trace.jsonl:2: ${problem}`);
  });

  it("are refused where they stand twice, in any row", async () => {
    const twice = mooncakeRow().replace("}", ',"x":1,"x":2}');
    expect(await problemOf(twice)).toBe('trace.jsonl:1: the key "x" stands twice');
    expect(await problemOf(mooncakeRow({ x: 1 }) + twice)).toBe('trace.jsonl:2: the key "x" stands twice');
  });

  it("may be many", async () => {
    const rows = Array.from({ length: 1500 }, (_, index) =>
      mooncakeRow({ [`key ${index}`]: index, [`é"${index}`]: "\n" }),
    );
    const trace = await read(rows.join(""));
    expect(trace.count).toBe(1500);
    expect(trace.notes).toEqual([]);
  });
});
