import { dependencyGraph, type Dependency } from "../dependency-graph.ts";
import { PriorityBuilder } from "../priority-builder.ts";
import type { Trace, TraceBlocks, TraceDependencies, TracePriorities, TraceSessions } from "../trace.ts";
import { knownTimes, risingOrder } from "./arrival-order.ts";
import { TraceError } from "../trace-error.ts";

/**
 * Overlays traces from time 0, their requests in order of arrival; nothing of one is shared with another.
 *
 * @throws TraceError when they have blocks of different sizes.
 */
export function mergeTraces(traces: readonly [Trace, ...Trace[]]): Trace {
  if (traces.length === 1) return traces[0];
  const count = traces.reduce((sum, trace) => sum + trace.count, 0);
  const source = new Uint16Array(count);
  const row = new Uint32Array(count);
  let at = 0;
  traces.forEach((trace, index) => {
    for (let request = 0; request < trace.count; request++) {
      source[at] = index;
      row[at++] = request;
    }
  });
  const times = new Float64Array(count);
  let start = 0;
  for (const trace of traces) {
    times.set(knownTimes(trace), start);
    start += trace.count;
  }
  const order = risingOrder(times);
  const pick = (read: (trace: Trace, request: number) => number) =>
    Float64Array.from(order, (index) => read(traces[source[index]!]!, row[index]!));
  return {
    name: traces.map((trace) => trace.name).join(" + "),
    count,
    arrivalMs: pick((trace, request) => trace.arrivalMs[request]!),
    inputLength: Int32Array.from(pick((trace, request) => trace.inputLength[request]!)),
    outputLength: Int32Array.from(pick((trace, request) => trace.outputLength[request]!)),
    blocks: mergeBlocks(traces, order, source, row),
    sessions: traces.some((trace) => trace.sessions !== null) ? mergeSessions(traces, order, source, row) : null,
    ...(traces.some((trace) => trace.dependencies != null)
      ? { dependencies: mergeDependencies(traces, order, source, row) }
      : {}),
    ...(traces.some((trace) => trace.priorities != null)
      ? { priorities: mergePriorities(traces, order, source, row) }
      : {}),
    notes: traces.flatMap((trace) => trace.notes.map((note) => `${trace.name}: ${note}`)),
  };
}

function mergePriorities(
  traces: readonly Trace[],
  order: Uint32Array,
  source: Uint16Array,
  row: Uint32Array,
): TracePriorities {
  const builder = new PriorityBuilder();
  order.forEach((index, position) => {
    const { priorities } = traces[source[index]!]!;
    if (priorities == null) return;
    const { boostSeconds, strict, policyClasses } = priorities;
    const request = row[index]!;
    const name = policyClasses?.names[policyClasses.classOf[request]!] ?? null;
    builder.set(position, boostSeconds[request]!, strict[request]!, name);
  });
  return builder.finish(order.length);
}

/** Graphs side by side; the turns of a session beside them wait for each other. */
function mergeDependencies(
  traces: readonly Trace[],
  order: Uint32Array,
  source: Uint16Array,
  row: Uint32Array,
): TraceDependencies {
  const starts: number[] = [];
  let total = 0;
  for (const trace of traces) {
    starts.push(total);
    total += trace.count;
  }
  const placeOf = new Uint32Array(total);
  order.forEach((index, position) => {
    placeOf[index] = position;
  });
  const lastTurn = new Map<string, number>();
  const waiting: Dependency[][] = [];
  const notBeforeMs = new Float64Array(order.length);
  const names: string[] = [];
  order.forEach((index) => {
    const from = source[index]!;
    const request = row[index]!;
    const { dependencies: graph, sessions } = traces[from]!;
    const edges: Dependency[] = [];
    if (graph != null) {
      for (let at = graph.offsets[request]!; at < graph.offsets[request + 1]!; at++) {
        const on = placeOf[starts[from]! + graph.on[at]!]!;
        edges.push({ on, delayMs: graph.delayMs[at]!, onOffer: graph.onOffer[at] === 1 });
      }
    } else if (sessions !== null) {
      const key = `${from}:${sessions.sessionOf[request]!}`;
      const before = lastTurn.get(key);
      if (before !== undefined) edges.push({ on: before, delayMs: sessions.delayMs[request]!, onOffer: false });
      lastTurn.set(key, waiting.length);
    }
    notBeforeMs[waiting.length] = graph?.notBeforeMs[request] ?? Number.NaN;
    names.push(`${from + 1}/${graph?.names[request] ?? `request_${request + 1}`}`);
    waiting.push(edges);
  });
  return dependencyGraph(waiting, notBeforeMs, names);
}

function mergeBlocks(
  traces: readonly Trace[],
  order: Uint32Array,
  source: Uint16Array,
  row: Uint32Array,
): TraceBlocks | null {
  const sizes = new Set(traces.flatMap((trace) => (trace.blocks === null ? [] : [trace.blocks.blockSize])));
  if (sizes.size === 0) return null;
  if (sizes.size > 1) {
    throw new TraceError(
      traces.map((trace) => trace.name).join(" + "),
      null,
      `cannot be merged: their blocks have different sizes (${[...sizes].join(", ")} tokens)`,
    );
  }
  const [blockSize] = sizes as Set<number> & Iterable<number>;
  const firstId: number[] = [];
  let distinct = 0;
  for (const trace of traces) {
    firstId.push(distinct);
    distinct += trace.blocks?.distinct ?? 0;
  }
  const offsets = new Float64Array(order.length + 1);
  const lengthOf = (index: number) => {
    const trace = traces[source[index]!]!;
    const request = row[index]!;
    if (trace.blocks === null) return Math.ceil(trace.inputLength[request]! / blockSize!);
    return trace.blocks.offsets[request + 1]! - trace.blocks.offsets[request]!;
  };
  order.forEach((index, position) => {
    offsets[position + 1] = offsets[position]! + lengthOf(index);
  });
  const ids = new Int32Array(offsets[order.length]!);
  order.forEach((index, position) => {
    const { blocks } = traces[source[index]!]!;
    let from = blocks === null ? 0 : blocks.offsets[row[index]!]!;
    for (let at = offsets[position]!; at < offsets[position + 1]!; at++) {
      ids[at] = blocks === null ? distinct++ : blocks.ids[from++]! + firstId[source[index]!]!;
    }
  });
  return { blockSize: blockSize!, offsets, ids: inOrderOfAppearance(ids, distinct), distinct };
}

function inOrderOfAppearance(ids: Int32Array, distinct: number): Int32Array {
  const renumbered = new Int32Array(distinct).fill(-1);
  let next = 0;
  return ids.map((id) => {
    if (renumbered[id]! < 0) renumbered[id] = next++;
    return renumbered[id]!;
  });
}

function mergeSessions(
  traces: readonly Trace[],
  order: Uint32Array,
  source: Uint16Array,
  row: Uint32Array,
): TraceSessions {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const sessionOf = new Int32Array(order.length);
  const turnOf = new Int32Array(order.length);
  const delayMs = new Float64Array(order.length);
  order.forEach((index, position) => {
    const from = source[index]!;
    const request = row[index]!;
    const { sessions } = traces[from]!;
    const key = `${from}:${sessions === null ? `r${request}` : sessions.sessionOf[request]!}`;
    let number = numbers.get(key);
    if (number === undefined) {
      const name = sessions === null ? `request_${request + 1}` : sessions.names[sessions.sessionOf[request]!]!;
      number = names.push(`${from + 1}/${name}`) - 1;
      numbers.set(key, number);
    }
    sessionOf[position] = number;
    turnOf[position] = sessions?.turnOf[request] ?? 0;
    delayMs[position] = sessions?.delayMs[request] ?? 0;
  });
  return { sessionOf, turnOf, delayMs, names };
}
