import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { rmSync } from "node:fs";
import { loadProfile } from "./load-profile.ts";
import type { PassTimeGrid } from "./pass-time-grid.ts";
import { gridProblem, ProfilePerfModel } from "./pass-time-grid.ts";

/** The grid of the reference's own check (engine-reference §11, test 19). */
const grid: PassTimeGrid = {
  prefillTokens: [100, 1000, 2000],
  prefillMs: [10, 100, 150],
  decodeActiveTokens: [0, 1024, 4096],
  decodeContextTokens: [1, 1000, 4000],
  decodeMs: [
    [0.1, 0.2, 0.3],
    [5, 10, 20],
    [10, 20, 40],
  ],
};

const folder = mkdtempSync(join(tmpdir(), "profile-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A .npy file of doubles. */
function npy(shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const text = `${header.padEnd(117)}\n`;
  const bytes = new Uint8Array(10 + text.length + values.length * 8);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, text.length & 255, text.length >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setFloat64(10 + text.length + index * 8, value, true);
  return bytes;
}

function arrays(): Record<string, Uint8Array> {
  return {
    "prefill_isl.npy": npy([3], grid.prefillTokens),
    "prefill_ttft_ms.npy": npy([3], grid.prefillMs),
    "decode_active_kv_tokens.npy": npy([3], grid.decodeActiveTokens),
    "decode_context_length.npy": npy([3], grid.decodeContextTokens),
    "decode_itl.npy": npy([3, 3], grid.decodeMs.flat()),
  };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("ProfilePerfModel", () => {
  const model = new ProfilePerfModel(grid, "test");

  it("interpolates and extrapolates as the reference's mocker", () => {
    expect(model.prefillMs(1, 1000)).toBe(100);
    expect(model.prefillMs(1, 3000)).toBe(200);
    expect(model.prefillMs(1, 50)).toBe(5);
    expect(model.prefillMs(2, 25)).toBe(5);
    // 1000/3: first token at 100 + 10, the next gap 10.0033.
    expect(model.decodeMs(1, 1000, 1024)).toBe(10);
    expect(model.decodeMs(1, 1001, 1024)).toBeCloseTo(10.0033, 4);
    // 3000/3: 227.4306 = 200 + 27.4306 with 47 blocks of 64 in use.
    expect(model.decodeMs(1, 3000, 47 * 64)).toBeCloseTo(27.4306, 4);
    expect(model.decodeMs(1, 50, 64)).toBe(1);
  });

  it("never gives a negative prefill time", () => {
    expect(model.prefillMs(1, 0)).toBe(0);
    expect(new ProfilePerfModel({ ...grid, prefillMs: [0, 100, 150] }, "test").prefillMs(1, 50)).toBe(0);
  });

  it("says what is wrong with a grid", () => {
    expect(gridProblem(grid)).toBeNull();
    expect(gridProblem({ ...grid, prefillTokens: [1, 1, 2] })).toMatch(/prefill tokens must be .* ascending/);
    expect(gridProblem({ ...grid, prefillMs: [1] })).toMatch(/1 prefill times for 3/);
    expect(gridProblem({ ...grid, decodeMs: [[1]] })).toMatch(/rows of decode times/);
    expect(gridProblem({ ...grid, decodeMs: [[1], [1], [1]] })).toMatch(/row 0 of the decode times/);
  });
});

describe("loadProfile", () => {
  it("reads a mocker's npz, stored or compressed", async () => {
    for (const level of [0, 6] as const) {
      const model = await loadProfile(file(`profile${level}.npz`, zipSync(arrays(), { level })));
      expect(model.provenance.kind).toBe("profile");
      expect(model.prefillMs(1, 3000)).toBe(200);
      expect(model.decodeMs(1, 1001, 1024)).toBeCloseTo(10.0033, 4);
    }
  });

  it("reads a plain CSV", async () => {
    const rows = ["phase,tokens,context,ms", "prefill,100,,10", "prefill,1000,,100", "prefill,2000,,150"];
    for (const [i, active] of grid.decodeActiveTokens.entries()) {
      for (const [j, context] of grid.decodeContextTokens.entries())
        rows.push(`decode,${active},${context},${grid.decodeMs[i]![j]}`);
    }
    const model = await loadProfile(file("profile.csv", `${rows.join("\n")}\n`));
    expect(model.decodeMs(1, 3000, 47 * 64)).toBeCloseTo(27.4306, 4);
    await expect(loadProfile(file("hole.csv", rows.slice(0, -1).join("\n")))).rejects.toThrow(
      /no decode row with tokens 4096 and context 4000/,
    );
    await expect(loadProfile(file("bad.csv", "phase,tokens,context,ms\nprefill,x,,1"))).rejects.toThrow(/bad\.csv:2/);
    await expect(loadProfile(file("twice.csv", [...rows, "prefill,100,,11"].join("\n")))).rejects.toThrow(
      /twice\.csv:14: a second prefill row/,
    );
    await expect(loadProfile(file("head.csv", "a,b"))).rejects.toThrow(/expected the header/);
  });

  it("fits a profiler's results folder", async () => {
    const results = join(folder, "results");
    const isl = [1000, 2000, 4000];
    const { mkdirSync } = await import("node:fs");
    mkdirSync(results);
    writeFileSync(
      join(results, "prefill_raw_data.json"),
      JSON.stringify({ prefill_isl: isl, prefill_ttft: isl.map((n) => 5 + n / 100) }),
    );
    const points = [1, 8, 32].flatMap((batch) => [500, 2000].map((context) => ({ batch, context })));
    writeFileSync(
      join(results, "decode_raw_data.json"),
      JSON.stringify({
        x_kv_usage: points.map(({ batch, context }) => (batch * context) / 100_000),
        y_context_length: points.map(({ context }) => context),
        z_itl: points.map(({ batch, context }) => 4 + batch / 10 + (batch * context) / 10_000),
        max_kv_tokens: 100_000,
      }),
    );
    const model = await loadProfile(results);
    expect(model.prefillMs(1, 3000)).toBeCloseTo(35, 6);
    expect(model.decodeMs(16, 1500, 24_000)).toBeCloseTo(4 + 1.6 + 2.4, 1);
    writeFileSync(join(results, "prefill_raw_data.json"), "null");
    await expect(loadProfile(results)).rejects.toThrow(/prefill_raw_data\.json: expected a JSON object/);
  });

  it("refuses what it cannot read", async () => {
    await expect(loadProfile(join(folder, "none.npz"))).rejects.toThrow(/none\.npz/);
    await expect(loadProfile(file("text.npz", "hello"))).rejects.toThrow(/text\.npz/);
    const { "prefill_isl.npy": only } = arrays();
    await expect(loadProfile(file("part.npz", zipSync({ "prefill_isl.npy": only! })))).rejects.toThrow(
      /no array decode_itl; it has prefill_isl/,
    );
    await expect(loadProfile(folder)).rejects.toThrow(/no profiler results/);
  });
});
