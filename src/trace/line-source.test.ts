import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openTrace } from "./open-trace.ts";

const row = JSON.stringify({ timestamp: 0, input_length: 100, output_length: 5, hash_ids: [1] });
const open = (...chunks: Buffer[]) => openTrace("-", { stdin: Readable.from(chunks) });

describe("the mark at the beginning of a file", () => {
  const marked = Buffer.from(`\uFEFF${row}\n${row}\n`);

  it("is skipped, in one piece or in several", async () => {
    for (const trace of [
      await open(marked),
      await open(marked.subarray(0, 1), marked.subarray(1, 2), marked.subarray(2)),
    ]) {
      expect(trace.count).toBe(2);
    }
    const csv = "\uFEFFTIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n";
    expect((await open(Buffer.from(csv))).inputLength).toEqual(Int32Array.of(374));
  });

  it("only there: elsewhere it is no JSON, told with its line", async () => {
    await expect(open(Buffer.from(`${row}\n\uFEFF${row}\n`))).rejects.toThrow(/:2: not valid JSON/);
  });

  it("of UTF-16 is refused with what to do", async () => {
    const problem = /:1: is UTF-16 text; save it as UTF-8/;
    await expect(open(Buffer.from(`\uFEFF${row}\n`, "utf16le"))).rejects.toThrow(problem);
    await expect(open(Buffer.from(`${row}\n`, "utf16le"))).rejects.toThrow(problem);
    await expect(open(Buffer.from(`${row}\n`, "utf16le").swap16())).rejects.toThrow(problem);
  });

  it("is not looked for in files shorter than it", async () => {
    await expect(open(Buffer.from("\n"))).rejects.toThrow(/holds no requests/);
    await expect(open(Buffer.from("{"))).rejects.toThrow(/:1: /);
  });
});

describe("a file of no known format", () => {
  it.each([
    [
      "arrival,prompt,completion\n0,100,10\n",
      /:1: is in no format .*found "arrival,prompt.*--trace-columns time=NAME,/,
    ],
    ["\nhello world\n", /:2: is in no format that is known by sight: found "hello world" \(windtunnel trace formats/],
  ])("is told with its first line and where to look: %j", async (text, problem) => {
    await expect(open(Buffer.from(text))).rejects.toThrow(problem);
  });

  it("of JSON is read as Mooncake rows, whose errors say what is missing", async () => {
    await expect(open(Buffer.from('{"prompt":5}\n'))).rejects.toThrow(/:1: output_length is missing/);
    await expect(open(Buffer.from(`[${row}]\n`))).rejects.toThrow("is one JSON document; expected JSON Lines");
  });
});
