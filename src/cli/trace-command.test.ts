import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { presetNames } from "../trace/presets/preset-names.ts";
import { run } from "./commands/trace.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const small = join(folder, "small.jsonl");
writeFileSync(
  small,
  [0, 250, 1000]
    .map(
      (timestamp) =>
        `${JSON.stringify({ timestamp, input_length: 1000, output_length: 5, hash_ids: [1, timestamp] })}\n`,
    )
    .join(""),
);

async function output(args: string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  expect(await run(args)).toBe(0);
  return text;
}

describe("windtunnel trace", () => {
  it("inspects a trace as text, JSON and page", async () => {
    const text = await output(["inspect", small]);
    expect(text).toMatch(/Requests\s+3\n/);
    expect(text).toContain("Hit rate, boundless cache  33.3 % of all blocks, 66.7 % of whole blocks");
    const page = join(folder, "page.html");
    const profile = JSON.parse(await output(["inspect", small, "--json", "--html", page])) as Record<string, unknown>;
    expect(profile).toMatchObject({ requests: 3, inputTokens: 3000, sharing: { distinctBlocks: 4 } });
    expect(readFileSync(page, "utf8")).toContain("Hit rate, boundless cache");
  });

  it("tells rates of sessions as such, and why their twin cannot be drawn", async () => {
    const chats = join(folder, "chats.jsonl");
    const row = { input_length: 500, output_length: 5, hash_ids: [1] };
    const turns = ["a", "b", "c"].flatMap((session_id, i) => [
      { ...row, session_id, timestamp: i * 1000 },
      { ...row, session_id, delay: 2000 },
    ]);
    writeFileSync(chats, turns.map((turn) => `${JSON.stringify(turn)}\n`).join(""));
    const text = await output(["inspect", chats]);
    expect(text).toMatch(
      /Arrivals of sessions\n.*\n\s+Rate\s+1\.50 sessions\/s\n\s+Input\s+1,500 tokens\/s \(all turns\)\n/,
    );
    expect(text).not.toContain("Busiest minute");
    await expect(run(["generate", chats, "-o", "-"])).rejects.toThrow(
      "chats.jsonl: a twin needs the arrival time of every request, 3 of 6 have none: later turns of its sessions follow those before them",
    );
  });

  it.each([
    [["convert", "SMALL", "-o", "SMALL"], "--out: SMALL is a trace to read; give another path"],
    [["generate", "SMALL", "-o", "SMALL"], "--out: SMALL is a trace to read; give another path"],
    [["inspect", "SMALL", "--html", "SMALL"], "--html: SMALL is a trace to read; give another path"],
    [["convert", "SMALL", "-o", "FOLDER"], "cannot write FOLDER: it is a directory"],
    [
      ["convert", "SMALL", "-o", "FOLDER/x", "--speed", "1e-300"],
      "--speed: found 1e-300, which stretches the trace over more than ten years; expected a larger number",
    ],
    [["convert", "SMALL", "-o", "FOLDER/x", "--from", "5", "--to", "2"], "--to: found 2, expected more than --from 5"],
    [
      [
        "convert",
        "SMALL",
        "-o",
        "FOLDER/x",
        "--sample",
        "2",
        "--max",
        "",
        "--speed",
        "1e999",
        "--trace-format",
        "moncake",
      ],
      '--trace-format: found "moncake" (did you mean "mooncake"?), expected auto, mooncake, ',
    ],
    [
      [
        "convert",
        "SMALL",
        "-o",
        "FOLDER/x",
        "--sample",
        "2",
        "--max",
        "",
        "--speed",
        "1e999",
        "--trace-block-size",
        "0",
      ],
      '--trace-block-size: found "0", expected a whole number of at least 1\n' +
        '--max: found "", expected a whole number of at least 1\n' +
        '--sample: found "2", expected a share above 0 and up to 1\n' +
        '--speed: found "1e999", expected a number above 0',
    ],
    [
      ["generate", "preset:wave", "-o", "FOLDER/x", "--seed", "-1"],
      '--seed: found "-1", expected a whole number of at least 0',
    ],
  ])("refuses %j", async (args, problem) => {
    const real = (text: string) => text.replaceAll("SMALL", small).replaceAll("FOLDER", folder);
    const before = readFileSync(small, "utf8");
    await expect(run(args.map(real))).rejects.toThrow(real(problem));
    expect(readFileSync(small, "utf8")).toBe(before);
  });

  it("converts: cuts, speeds up and compresses", async () => {
    const out = join(folder, "half.jsonl.gz");
    await output(["convert", small, "-o", out, "--from", "0.2", "--speed", "3"]);
    const rows = gunzipSync(readFileSync(out)).toString().trim().split("\n");
    expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([
      { timestamp: 0, input_length: 1000, output_length: 5, hash_ids: [0, 1] },
      { timestamp: 250, input_length: 1000, output_length: 5, hash_ids: [0, 2] },
    ]);
  });

  it("generates a preset, the same for the same seed", async () => {
    const one = await output(["generate", "preset:synthetic", "-o", "-", "--seed", "4"]);
    expect(one.trim().split("\n")).toHaveLength(3993);
    expect(await output(["generate", "preset:synthetic", "-o", "-", "--seed", "4"])).toBe(one);
  });

  it("lists every preset in the help of generate", async () => {
    const help = await output(["generate", "--help"]);
    for (const name of presetNames) expect(help).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
    expect(help).toContain("36 for the four minutes from minute 25");
    expect((await output(["inspect", "--help"])).replaceAll(/\s+/g, " ")).toContain(presetNames.join(", "));
  });

  it("generates the twin of a trace", async () => {
    expect((await output(["generate", small, "-o", "-"])).trim().split("\n")).toHaveLength(3);
  });

  it("lists formats", async () => {
    expect(await output(["formats"])).toMatch(/^mooncake\s+Mooncake JSONL/);
  });

  it.each([
    [["inspekt", small], 'unknown command "trace inspekt" (did you mean "inspect"?)'],
    [["inspect", join(folder, "none.jsonl")], "none.jsonl: no such file"],
    [["convert", small], "required option '-o, --out <PATH>' not specified"],
    [["convert", small, "-o", "-", "--speed", "-1"], '--speed: found "-1", expected a number above 0'],
    [["convert", small, "-o", "-", "--from", "50"], "no request lies in the slice"],
    [["generate", "preset:nothing", "-o", "-"], "unknown preset; known: toolagent, conversation, synthetic, wave"],
    [["inspect"], "missing required argument 'trace'"],
  ])("refuses %j", async (args, problem) => {
    await expect(run(args)).rejects.toThrow(problem);
  });
});
