import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import * as fc from "../../test/seeded-properties.ts";
import { afterAll, describe, expect, it } from "vitest";
import { mooncakeFile, mooncakeRow } from "../../test/mooncake-file.ts";
import { damagedCopies, oneOrMoreLines } from "../../test/format-writers.ts";
import { mooncakeLines } from "./mooncake-writer.ts";
import { openTrace } from "./open-trace.ts";
import { TraceError } from "./trace-error.ts";
import { mergeTraces } from "./transform/merge-traces.ts";
import { sliceTrace } from "./transform/slice-trace.ts";

const { folder, read, problemOf } = mooncakeFile();
afterAll(() => rmSync(folder, { recursive: true }));

describe("Mooncake rows", () => {
  it("reads lengths, blocks in dense numbers, and arrivals shifted to 0, in file order", async () => {
    const trace = await read(
      mooncakeRow({ timestamp: 10.5, hash_ids: [7, 900] }) +
        mooncakeRow({ timestamp: 3.25, input_length: 700, hash_ids: [7, 5] }),
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
    expect((await read(mooncakeRow({ hash_ids: [1, 2] }) + mooncakeRow({ hash_ids: [3, 4] }))).blocks).toBeNull();
  });

  it("clamps a prompt to its blocks, fills in a missing length, and drops blocks beyond it", async () => {
    const trace = await read(
      mooncakeRow({ input_length: 5000 }) +
        mooncakeRow({ input_length: undefined, hash_ids: [1] }) +
        mooncakeRow({ input_length: 512 }),
    );
    expect([...trace.inputLength]).toEqual([1024, 512, 512]);
    expect([...trace.blocks!.offsets]).toEqual([0, 2, 3, 4]);
    expect(trace.notes.join()).toContain("1 of 3 prompts were longer");
    expect((await read(mooncakeRow({ input_length: 99_999_999_999 }))).inputLength[0]).toBe(1024);
    expect((await read(mooncakeRow({ input_length: 5000 }), { traceBlockSize: 16 })).inputLength[0]).toBe(32);
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

  it("knows ids of 32 bits, and ids that follow some that were left out", async () => {
    const row = (ids: string, more = "") => `{"timestamp":0,"output_length":1,"hash_ids":[${ids}]${more}}\n`;
    const high = "2147483648,4294967295,1";
    expect([...(await read(row(high) + row(`2147483647,${high}`))).blocks!.ids]).toEqual([0, 1, 2, 3, 0, 1, 2]);
    // The second block of the first prompt lies beyond its length; the third begins where it stood.
    const dropped = row("1,1099511627783", ',"input_length":512') + row("7") + row("7");
    for (const text of [dropped, row("1099511627776") + dropped]) {
      const { ids } = (await read(text)).blocks!;
      expect(ids.at(-1)).toBe(ids.at(-2));
      expect(ids.at(-2)).not.toBe(ids.at(-3));
    }
  });

  it("reads gzip, standard input, and gzip from standard input", async () => {
    const bytes = Buffer.from(mooncakeRow() + mooncakeRow({ timestamp: 5 }));
    const path = join(folder, "trace.jsonl.gz");
    writeFileSync(path, gzipSync(bytes));
    expect((await openTrace(path)).count).toBe(2);
    expect((await openTrace("-", { stdin: Readable.from([bytes.subarray(0, 20), bytes.subarray(20)]) })).count).toBe(2);
    expect((await openTrace("-", { stdin: Readable.from([gzipSync(bytes)]) })).count).toBe(2);
  });
});

describe("sessions", () => {
  const turn = (session: string, fields: Record<string, unknown> = {}) =>
    mooncakeRow({ session_id: session, timestamp: undefined, ...fields });

  it("takes the explicit delay, else the timestamp difference, else none", async () => {
    const trace = await read(
      turn("a", { timestamp: 1000 }) +
        mooncakeRow({ timestamp: 1005 }) +
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
    const trace = await read(mooncakeRow() + mooncakeRow({ timestamp: 1 }) + turn("", { timestamp: 2 }));
    expect(trace.sessions?.names).toEqual(["request_1", "request_2", ""]);
  });

  it.each([
    [turn("a", { timestamp: 0, delay: 5 }), "trace.jsonl:1: delay must be 0 for the first turn of session a, found 5"],
    [mooncakeRow({ delay: 5 }), "trace.jsonl:1: delay must be 0 for a request without session_id, found 5"],
    [
      `\n${turn("a", { timestamp: 0 })}${turn("a", { delay: -1 })}`,
      "trace.jsonl:3: delay must be non-negative, found -1",
    ],
    [turn("a", { timestamp: 300 }) + turn("a", { timestamp: 100 }), "trace.jsonl:2: timestamp lies 200 ms before"],
    [turn("a"), "trace.jsonl:1: timestamp is missing: an open-loop run needs one for the first turn of session a"],
    [
      mooncakeRow({ timestamp: null }),
      "trace.jsonl:1: timestamp is missing: an open-loop run needs one for the request",
    ],
    [
      turn("a", { timestamp: 0, delay: 0, delay_ms: 0 }),
      "trace.jsonl:1: delay and delay_ms are the same field; give one",
    ],
  ])("rejects %j", async (content, problem) => {
    expect(await problemOf(content)).toContain(problem);
  });

  it("needs no timestamps in a closed loop, but a base to infer a delay from", async () => {
    const trace = await read(turn("a") + turn("a") + mooncakeRow({ timestamp: undefined }), { arrivals: "optional" });
    expect([...trace.arrivalMs]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(await problemOf(turn("a") + turn("a", { timestamp: 5 }), { arrivals: "optional" })).toContain(
      "trace.jsonl:2: no turn of session a before this one has a timestamp",
    );
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
