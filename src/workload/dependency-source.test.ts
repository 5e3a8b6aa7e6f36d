import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { dependencyGraph } from "../trace/dependency-graph.ts";
import type { Trace } from "../trace/trace.ts";
import { DependencySource } from "./dependency-source.ts";

interface Node {
  readonly arrivalMs: number;
  readonly waits: readonly { readonly on: number; readonly delayMs: number; readonly onOffer: boolean }[];
  readonly notBeforeMs: number;
  readonly tookMs: number;
}

/** Requests that wait for earlier ones. */
const anyNodes = fc
  .array(
    fc.record({
      arrivalMs: fc.integer({ min: 0, max: 50 }),
      waits: fc.array(
        fc.record({
          back: fc.integer({ min: 1, max: 6 }),
          delayMs: fc.integer({ min: 0, max: 20 }),
          onOffer: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      notBeforeMs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 80 })),
      tookMs: fc.integer({ min: 0, max: 30 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((drafts): Node[] =>
    drafts.map(({ waits, ...rest }, index) => {
      const targets = new Map(waits.filter(({ back }) => back <= index).map((wait) => [index - wait.back, wait]));
      return { ...rest, waits: [...targets].map(([on, { delayMs, onOffer }]) => ({ on, delayMs, onOffer })) };
    }),
  );

function traceOf(nodes: readonly Node[]): Trace {
  const graph = dependencyGraph(
    nodes.map(({ waits }) => waits),
    Float64Array.from(nodes, ({ notBeforeMs }) => notBeforeMs),
    nodes.map((_, index) => `n${index}`),
  );
  return {
    name: "graph",
    count: nodes.length,
    arrivalMs: Float64Array.from(nodes, ({ arrivalMs }) => arrivalMs),
    inputLength: new Int32Array(nodes.length).fill(1),
    outputLength: new Int32Array(nodes.length).fill(1),
    blocks: null,
    sessions: null,
    dependencies: graph,
    notes: [],
  };
}

/** Runs a source against servers that take `tookMs` for each request; what was offered when, ms. */
function offers(source: DependencySource, nodes: readonly Node[], abandoned: ReadonlySet<number> = new Set()) {
  const offeredMs = new Map<number, number>();
  const running: { readonly request: number; readonly endNs: number }[] = [];
  let most = 0;
  for (;;) {
    running.sort((a, b) => a.endNs - b.endNs);
    const endNs = running[0]?.endNs ?? Infinity;
    if (endNs === Infinity && source.nextNs === Infinity) return { offeredMs, most };
    if (endNs <= source.nextNs) {
      const { request } = running.shift()!;
      source.onTerminal(request, endNs, abandoned.has(request));
      continue;
    }
    const atNs = source.nextNs;
    const request = source.take();
    expect(offeredMs.has(request)).toBe(false);
    offeredMs.set(request, atNs / 1e6);
    running.push({ request, endNs: atNs + nodes[request]!.tookMs * 1e6 });
    most = Math.max(most, running.length);
  }
}

test("offers every request when the latest of what it waits for allows it", () => {
  fc.assert(
    fc.property(anyNodes, (nodes) => {
      const trace = traceOf(nodes);
      const { offeredMs } = offers(new DependencySource(trace, trace.dependencies!, 1, null), nodes);
      const expected: number[] = [];
      for (const { arrivalMs, waits, notBeforeMs } of nodes) {
        const dues = waits.map(
          ({ on, delayMs, onOffer }) => expected[on]! + (onOffer ? 0 : nodes[on]!.tookMs) + delayMs,
        );
        const floor = Number.isNaN(notBeforeMs) ? 0 : notBeforeMs;
        expected.push(waits.length === 0 ? arrivalMs : Math.max(floor, ...dues));
      }
      expect(nodes.map((_, index) => offeredMs.get(index))).toEqual(expected);
    }),
  );
});

test("a closed loop offers all, plays one after another", () => {
  fc.assert(
    fc.property(anyNodes, fc.integer({ min: 1, max: 3 }), (nodes, slots) => {
      const trace = traceOf(nodes);
      const source = new DependencySource(trace, trace.dependencies!, 1, slots);
      const { offeredMs } = offers(source, nodes);
      expect(offeredMs.size).toBe(nodes.length);
      expect(source.remaining).toBe(0);
    }),
  );
});

test("what waits for the end of an abandoned request is never offered, everything else is", () => {
  fc.assert(
    fc.property(anyNodes, fc.infiniteStream(fc.boolean()), (nodes, coin) => {
      const trace = traceOf(nodes);
      const given = new Set([...nodes.keys()].filter(() => coin.next().value));
      for (const slots of [null, 2]) {
        const source = new DependencySource(trace, trace.dependencies!, 1, slots);
        const { offeredMs } = offers(source, nodes, given);
        const lost = new Set<number>();
        for (const [request, { waits }] of nodes.entries()) {
          if (waits.some(({ on, onOffer }) => lost.has(on) || (!onOffer && given.has(on)))) lost.add(request);
        }
        expect(new Set(offeredMs.keys())).toEqual(new Set([...nodes.keys()].filter((request) => !lost.has(request))));
        expect(source.remaining).toBe(0);
      }
    }),
  );
});

test("a play may begin with more requests than a call takes arguments", () => {
  const count = 200_000;
  const none = { waits: [], notBeforeMs: Number.NaN, tookMs: 1 };
  const nodes: Node[] = Array.from({ length: count }, (_, i) => ({ ...none, arrivalMs: i % 7 }));
  nodes.push({
    ...none,
    arrivalMs: 0,
    waits: Array.from({ length: count }, (_, on) => ({ on, delayMs: 0, onOffer: false })),
  });
  const trace = traceOf(nodes);
  expect(new DependencySource(trace, trace.dependencies!, 1, 1).nextNs).toBe(0);
});
