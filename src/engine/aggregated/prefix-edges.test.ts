import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import type { Trace } from "../../trace/trace.ts";
import { buildPrefixEdges, type PrefixEdges } from "./prefix-edges.ts";

/** Prompts as lists of block identities with the tokens they have. */
function traceOf(prompts: readonly { ids: readonly number[]; length: number }[], blockSize: number): Trace {
  const offsets = new Float64Array(prompts.length + 1);
  for (const [i, prompt] of prompts.entries()) offsets[i + 1] = offsets[i]! + prompt.ids.length;
  const ids = Int32Array.from(prompts.flatMap((prompt) => prompt.ids));
  return {
    name: "made up",
    count: prompts.length,
    arrivalMs: new Float64Array(prompts.length),
    inputLength: Int32Array.from(prompts, (prompt) => prompt.length),
    outputLength: new Int32Array(prompts.length),
    blocks: { blockSize, offsets, ids, distinct: 1 + Math.max(0, ...ids) },
    sessions: null,
    notes: [],
  };
}

/** The chain of a request's edges, first edge first. */
function chain(edges: PrefixEdges, request: number): number[] {
  const found: number[] = [];
  for (let edge = edges.lastEdge[request] ?? -1; edge >= 0; edge = edges.parent[edge]!) found.unshift(edge);
  return found;
}

const prompts = fc
  .array(
    fc.record({
      ids: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
      missing: fc.nat(20),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .chain((rows) => fc.record({ rows: fc.constant(rows), traceBlock: fc.integer({ min: 1, max: 12 }) }))
  .map(({ rows, traceBlock }) => ({
    traceBlock,
    prompts: rows.map(({ ids, missing }) => ({
      ids,
      length: Math.max(1, ids.length * traceBlock - (missing % traceBlock)),
    })),
  }));

describe("prefix edges", () => {
  it("cover exactly the blocks that at least two requests hold, each edge held whole or not at all", () => {
    fc.assert(
      fc.property(prompts, fc.integer({ min: 1, max: 9 }), ({ prompts, traceBlock }, blockSize) => {
        const trace = traceOf(prompts, traceBlock);
        const edges = buildPrefixEdges(trace, blockSize);
        // A block is the trace blocks up to its last token, and its place.
        const blockKeys = prompts.map(({ ids, length }) =>
          Array.from({ length: Math.floor(length / blockSize) }, (_, k) => {
            const covering = Math.floor(((k + 1) * blockSize - 1) / traceBlock) + 1;
            return `${ids.slice(0, covering).join()}/${k}`;
          }),
        );
        const holders = new Map<string, number>();
        for (const key of blockKeys.flat()) holders.set(key, (holders.get(key) ?? 0) + 1);
        const edgeOfKey = new Map<string, string>();
        for (const [request, own] of blockKeys.entries()) {
          let at = 0;
          for (const edge of chain(edges, request)) {
            expect(edges.start[edge]).toBe(at);
            for (; at < edges.end[edge]!; at++) {
              const place = `${edge}:${at}`;
              expect(edgeOfKey.get(own[at]!) ?? place).toBe(place);
              edgeOfKey.set(own[at]!, place);
            }
          }
          expect(at).toBe(own.filter((key) => holders.get(key)! > 1).length);
        }
        expect(new Set(edgeOfKey.values()).size).toBe(edgeOfKey.size);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it("end one block early where a prompt fills its last block", () => {
    const ids = [0, 1];
    const edges = buildPrefixEdges(
      traceOf(
        [
          { ids, length: 16 },
          { ids, length: 16 },
        ],
        8,
      ),
      4,
    );
    expect(chain(edges, 0).map((edge) => [edges.start[edge], edges.end[edge]])).toEqual([
      [0, 3],
      [3, 4],
    ]);
  });
});
