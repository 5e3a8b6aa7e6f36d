import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "../../../test/seeded-properties.ts";
import { afterAll, expect, it } from "vitest";
import { openTrace } from "../open-trace.ts";
import { TraceError } from "../trace-error.ts";
import { readLengthWindows, tokensAt } from "./client-lengths.ts";
import { readRateWindows } from "./client-windows.ts";
import { drawPool } from "./generate-pool.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-servegen-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rates = "0,0.33,0.76,Gamma,1.69,1.79\n600,0,0,,0,0\n1200,0.235,6.34,Weibull,0.39,2.5\n";
const lengths = JSON.stringify({
  0: { input_tokens: "{3039: 0.25, 3040: 0.75}", output_tokens: "{70: 1.0}" },
  600: { input_tokens: "{}", output_tokens: "{}" },
  900: { input_tokens: "{5: 2e-1, 6: 0.8}", output_tokens: "{0: 0.5, 9: 0.5}" },
});

function write(number: number, trace: string, dataset: string): void {
  writeFileSync(join(folder, `chunk-${number}-trace.csv`), trace);
  writeFileSync(join(folder, `chunk-${number}-dataset.json`), dataset);
}

it("draws as many requests as every window had, with the lengths of the time", async () => {
  write(0, rates, lengths);
  write(3, "0,0.1,1,Gamma,1,10\n", lengths);
  const trace = await openTrace(folder, { seed: 5 });
  expect(trace.count).toBe(198 + 141 + 60);
  expect([...trace.arrivalMs]).toEqual([...trace.arrivalMs].toSorted((a, b) => a - b));
  expect(trace.arrivalMs[0]).toBe(0);
  expect(new Set(trace.inputLength)).toEqual(new Set([3039, 3040, 5, 6]));
  expect(new Set(trace.outputLength)).toEqual(new Set([70, 0, 9]));
  expect(trace.notes[0]).toContain("399 requests drawn from 2 clients with --seed 5");
  const early = trace.arrivalMs.filter((at) => at < 600_000).length;
  expect(Math.abs(early - 258)).toBeLessThan(3);
});

it("is the same for the same seed, another for another, and a client does not change the draws of another", async () => {
  write(0, rates, lengths);
  write(3, "0,0,0,,0,0\n", lengths);
  const one = await openTrace(folder, { seed: 1 });
  expect(await openTrace(folder, { seed: 1 })).toEqual(one);
  expect((await openTrace(folder, { seed: 2 })).arrivalMs).not.toEqual(one.arrivalMs);
});

it("takes part of the time, at another rate", async () => {
  write(0, rates, lengths);
  write(3, "0,0,0,,0,0\n", lengths);
  const later = await openTrace(`${folder}?from=1200&to=1500`);
  expect(new Set(later.inputLength)).toEqual(new Set([5, 6]));
  expect(later.arrivalMs.at(-1)!).toBeLessThan(300_000);
  const busy = await openTrace(`${folder}?to=600&rate=10`);
  expect(Math.abs(busy.count - 6000)).toBeLessThan(2);
});

it.each([
  [`${folder}?from=9&to=3`, "to must be after from (9), found 3"],
  [`${folder}?rate=x`, 'rate must be a number of at least 0, found "x"'],
  [`${folder}?from=600&to=1200`, "holds no requests in that time"],
  [`${folder}?rate=1e9`, "at most 50000000 are drawn"],
])("refuses %s", async (spec, problem) => {
  write(0, rates, lengths);
  await expect(openTrace(spec)).rejects.toThrow(problem);
});

it("refuses folders that are no pools, pools by another name, and files as pools", async () => {
  write(0, rates, lengths);
  await expect(openTrace(tmpdir())).rejects.toThrow("is a folder without chunk-N-trace.csv");
  await expect(openTrace(folder, { format: "mooncake" })).rejects.toThrow("is a folder, expected a mooncake file");
  const file = join(folder, "chunk-0-trace.csv");
  await expect(openTrace(file, { format: "servegen" })).rejects.toThrow("is a file, but a ServeGen pool is a folder");
});

it("reads back the rates and lengths that were written", () => {
  const window = fc.record({
    rate: fc.double({ min: 0, max: 50, noNaN: true }),
    kind: fc.constantFrom("Gamma", "Weibull", "Exponential"),
    shape: fc.double({ min: 0.01, max: 9, noNaN: true }),
  });
  const histogram = fc.dictionary(
    fc.integer({ min: 0, max: 100_000 }).map(String),
    fc.double({ min: 1e-6, max: 1, noNaN: true }),
    { minKeys: 1, maxKeys: 20 },
  );
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 8 }), histogram, (windows, shares) => {
      const text = windows.map(({ rate, kind, shape }, i) => `${i * 600},${rate},1,${kind},${shape},1`).join("\n");
      const read = readRateWindows(text, "rates");
      expect(read.map(({ rate }) => rate)).toEqual(windows.map(({ rate }) => rate));
      expect(read.map(({ startSeconds, endSeconds }) => endSeconds - startSeconds)).toEqual(windows.map(() => 600));
      for (const [i, { gaps }] of read.entries()) {
        if (windows[i]!.rate > 0 && windows[i]!.kind !== "Exponential") expect(gaps.shape).toBe(windows[i]!.shape);
      }
      const entries = Object.entries(shares);
      const dictionary = `{${entries.map(([count, share]) => `${count}: ${share}`).join(", ")}}`;
      const [only] = readLengthWindows(
        JSON.stringify({ 0: { input_tokens: dictionary, output_tokens: dictionary } }),
        "lengths",
      );
      const sum = entries.reduce((all, [, share]) => all + share, 0);
      let before = 0;
      for (const [count, share] of entries) {
        expect(tokensAt(only!.input, (before + share / 2) / sum)).toBe(Number(count));
        before += share;
      }
    }),
  );
});

it("is drawn or cleanly refused however it is damaged", async () => {
  write(3, "0,0,0,,0,0\n", lengths);
  const damage = fc.record({
    file: fc.boolean(),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(9),
    put: fc.constantFrom("{", "}", "[", ",", '"', "-", ".", "e9", "\n", "null", "NaN", "1e999", "\u0000", ":", "7"),
  });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      const texts = [rates, lengths];
      for (const { file, at, cut, put } of damages) {
        const which = file ? 1 : 0;
        const place = Math.floor(at * texts[which]!.length);
        texts[which] = texts[which]!.slice(0, place) + put + texts[which]!.slice(place + cut);
      }
      write(0, texts[0]!, texts[1]!);
      try {
        const trace = await openTrace(`${folder}?to=100000`);
        expect(trace.count).toBeGreaterThan(0);
        expect(trace.inputLength.every((length) => length > 0)).toBe(true);
        expect(trace.arrivalMs.every(Number.isFinite)).toBe(true);
      } catch (error) {
        refused++;
        expect(error).toBeInstanceOf(TraceError);
        expect((error as Error).message).toMatch(/^[^\n]+: [^\n]+$/);
        expect((error as Error).message).toContain(folder);
      }
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(100);
});

it("puts requests anywhere in their window, and draws whether a part of one comes", () => {
  const always = { tokens: Int32Array.of(9), upTo: Float64Array.of(1) };
  const window = { startSeconds: 0, endSeconds: 600, rate: 1 / 600, gaps: { kind: "exponential", shape: 1 } } as const;
  const clients = Array.from({ length: 400 }, (_, number) => ({
    number,
    rates: [window],
    lengths: [{ startSeconds: 0, input: always, output: always }],
  }));
  const drawn = (toSeconds: number, rate: number | null) =>
    drawPool("pool", clients, { fromSeconds: 0, toSeconds, rate }, 7).count;
  expect(drawn(600, null)).toBe(400);
  // Of 400 requests half come in the first half, and a third of them in all where a third is asked for: ± 4 deviations.
  expect(Math.abs(drawn(300, null) - 200)).toBeLessThan(40);
  expect(Math.abs(drawn(150, null) - 100)).toBeLessThan(35);
  expect(Math.abs(drawn(600, 400 / 3 / 600) - 400 / 3)).toBeLessThan(38);
});

it("takes the last window to be as long as the others", () => {
  const window = (text: string) => readRateWindows(text, "f").map(({ endSeconds }) => endSeconds);
  expect(window("0,1,1,,0,0\n300,1,1,,0,0\n600,1,1,,0,0\n")).toEqual([300, 600, 900]);
  expect(window("0,1,1,,0,0\n")).toEqual([600]);
});

it("never draws a length without a share", () => {
  const [{ input }] = readLengthWindows(
    '{"0":{"input_tokens":"{5: 0, 6: 0.5, 7: 0.5, 8: 0}","output_tokens":"{1: 1}"}}',
    "f",
  ) as [ReturnType<typeof readLengthWindows>[number]];
  expect([0, 0.25, 0.5, 0.75, 1 - Number.EPSILON].map((place) => tokensAt(input, place))).toEqual([6, 6, 7, 7, 7]);
});
