import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { cumulativePrompts } from "./cumulative-prompts.ts";
import type { Trace } from "./trace.ts";

interface Turn {
  readonly session: number;
  readonly ids: readonly number[];
  /** Tokens of the last block. */
  readonly last: number;
  readonly output: number;
}

const traceBlockSize = 3;

function traceOf(turns: readonly Turn[]): Trace {
  const turnOf: number[] = [];
  const seen = new Map<number, number>();
  for (const { session } of turns) {
    turnOf.push(seen.get(session) ?? 0);
    seen.set(session, turnOf.at(-1)! + 1);
  }
  const offsets = [0];
  for (const { ids } of turns) offsets.push(offsets.at(-1)! + ids.length);
  return {
    name: "turns",
    count: turns.length,
    arrivalMs: new Float64Array(turns.length),
    inputLength: Int32Array.from(turns, ({ ids, last }) => (ids.length - 1) * traceBlockSize + last),
    outputLength: Int32Array.from(turns, ({ output }) => output),
    blocks: {
      blockSize: traceBlockSize,
      offsets: Float64Array.from(offsets),
      ids: Int32Array.from(turns.flatMap(({ ids }) => ids)),
      distinct: 4,
    },
    sessions: {
      sessionOf: Int32Array.from(turns, ({ session }) => session),
      turnOf: Int32Array.from(turnOf),
      delayMs: new Float64Array(turns.length),
      names: ["a", "b", "c"],
    },
    notes: [],
  };
}

/** Every turn's prompt and sequence written out, a name a token. */
function tokensOf(turns: readonly Turn[]): { prompt: string[]; sequence: string[] }[] {
  const soFar = new Map<number, string[]>();
  return turns.map(({ session, ids, last, output }, request) => {
    const prompt = [...(soFar.get(session) ?? [])];
    for (const [at, id] of ids.entries()) {
      prompt.push(...Array<string>(at + 1 === ids.length ? last : traceBlockSize).fill(`id ${id}`));
    }
    const sequence = [...prompt, ...Array<string>(output).fill(`answer ${request}`)];
    soFar.set(session, sequence);
    return { prompt, sequence };
  });
}

const anyTurn = fc.record({
  session: fc.integer({ min: 0, max: 2 }),
  ids: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
  last: fc.integer({ min: 1, max: traceBlockSize }),
  output: fc.integer({ min: 0, max: 9 }),
});

test("prompts hold all that came before, and full blocks are equal exactly where all tokens up to their end are", () => {
  fc.assert(
    fc.property(
      fc.array(anyTurn, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 7 }),
      (turns, blockSize) => {
        const { inputLength, blocks, continuations } = cumulativePrompts(traceOf(turns), blockSize);
        const written = tokensOf(turns);
        expect([...inputLength]).toEqual(written.map(({ prompt }) => prompt.length));
        const names = new Map<string, number>();
        const contents = new Map<number, string>();
        for (const [request, { prompt, sequence }] of written.entries()) {
          const whole = Math.floor(prompt.length / blockSize);
          const ids = [
            ...blocks!.ids.subarray(blocks!.offsets[request]!, blocks!.offsets[request]! + whole),
            ...continuations!.ids.subarray(continuations!.offsets[request]!, continuations!.offsets[request + 1]!),
          ];
          expect(ids).toHaveLength(Math.floor(sequence.length / blockSize));
          expect(blocks!.offsets[request + 1]! - blocks!.offsets[request]!).toBe(Math.ceil(prompt.length / blockSize));
          for (const [block, id] of ids.entries()) {
            const content = sequence.slice(0, (block + 1) * blockSize).join();
            expect(names.get(content) ?? id).toBe(id);
            expect(contents.get(id) ?? content).toBe(content);
            names.set(content, id);
            contents.set(id, content);
          }
        }
      },
    ),
  );
});
