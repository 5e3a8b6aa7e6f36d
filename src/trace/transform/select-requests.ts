import type { Trace, TraceBlocks, TraceContinuations, TracePriorities, TraceSessions } from "../trace.ts";
import { scaleDependencies, selectDependencies } from "./select-dependencies.ts";

/**
 * A trace of some requests of another, in the order given. Arrivals shift so that the earliest first turn is at 0;
 * blocks keep their sharing and are numbered anew; a session that lost its first turn begins with the next one.
 */
export function selectRequests(trace: Trace, requests: Uint32Array): Trace {
  const count = requests.length;
  const arrivalMs = Float64Array.from(requests, (request) => trace.arrivalMs[request]!);
  const sessions = trace.sessions === null ? null : selectSessions(trace.sessions, requests);
  const graph = trace.dependencies == null ? null : selectDependencies(trace.dependencies, requests);
  const isFirst = (index: number) =>
    graph === null
      ? sessions === null || sessions.turnOf[index] === 0
      : graph.offsets[index + 1] === graph.offsets[index];
  let earliest = Infinity;
  for (let index = 0; index < count; index++) {
    if (isFirst(index) && arrivalMs[index]! < earliest) earliest = arrivalMs[index]!;
  }
  if (Number.isFinite(earliest)) {
    for (let index = 0; index < count; index++) arrivalMs[index] = arrivalMs[index]! - earliest;
  }
  const identities = trace.blocks === null ? null : selectBlocks(trace.blocks, trace.continuations ?? null, requests);
  return {
    ...trace,
    count,
    arrivalMs,
    inputLength: Int32Array.from(requests, (request) => trace.inputLength[request]!),
    outputLength: Int32Array.from(requests, (request) => trace.outputLength[request]!),
    blocks: identities?.blocks ?? null,
    sessions,
    ...(trace.continuations == null ? {} : { continuations: identities?.continuations ?? null }),
    ...(graph === null ? {} : { dependencies: scaleDependencies(graph, 1, Number.isFinite(earliest) ? earliest : 0) }),
    ...(trace.priorities == null ? {} : { priorities: selectPriorities(trace.priorities, requests) }),
    ...(trace.startUnixMs == null
      ? {}
      : { startUnixMs: trace.startUnixMs + (Number.isFinite(earliest) ? earliest : 0) }),
  };
}

interface Identities {
  readonly blocks: TraceBlocks | null;
  readonly continuations: TraceContinuations | null;
}

function selectBlocks(blocks: TraceBlocks, more: TraceContinuations | null, requests: Uint32Array): Identities {
  const renumbered = new Int32Array(blocks.distinct).fill(-1);
  const counter = { distinct: 0 };
  const prompts = selectIds(blocks, requests, renumbered, counter);
  const continuations = more === null ? null : selectIds(more, requests, renumbered, counter);
  const { distinct } = counter;
  if (distinct === prompts.ids.length + (continuations?.ids.length ?? 0)) return { blocks: null, continuations: null };
  return { blocks: { blockSize: blocks.blockSize, ...prompts, distinct }, continuations };
}

function selectIds(
  { offsets, ids }: TraceContinuations,
  requests: Uint32Array,
  renumbered: Int32Array,
  counter: { distinct: number },
): TraceContinuations {
  const selected = new Float64Array(requests.length + 1);
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index]!;
    selected[index + 1] = selected[index]! + offsets[request + 1]! - offsets[request]!;
  }
  const kept = new Int32Array(selected[requests.length]!);
  let at = 0;
  for (const request of requests) {
    for (let from = offsets[request]!; from < offsets[request + 1]!; from++) {
      const id = ids[from]!;
      if (renumbered[id]! < 0) renumbered[id] = counter.distinct++;
      kept[at++] = renumbered[id]!;
    }
  }
  return { offsets: selected, ids: kept };
}

function selectPriorities(
  { boostSeconds, strict, policyClasses }: TracePriorities,
  requests: Uint32Array,
): TracePriorities {
  return {
    boostSeconds: Float64Array.from(requests, (request) => boostSeconds[request]!),
    strict: Int32Array.from(requests, (request) => strict[request]!),
    ...(policyClasses === undefined
      ? {}
      : {
          policyClasses: {
            names: policyClasses.names,
            classOf: Int32Array.from(requests, (request) => policyClasses.classOf[request]!),
          },
        }),
  };
}

function selectSessions(sessions: TraceSessions, requests: Uint32Array): TraceSessions {
  const count = requests.length;
  const renumbered = new Int32Array(sessions.names.length).fill(-1);
  const turns: number[] = [];
  const names: string[] = [];
  const sessionOf = new Int32Array(count);
  const turnOf = new Int32Array(count);
  const delayMs = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const request = requests[index]!;
    const old = sessions.sessionOf[request]!;
    if (renumbered[old]! < 0) {
      renumbered[old] = names.push(sessions.names[old]!) - 1;
      turns.push(0);
    }
    const session = renumbered[old]!;
    sessionOf[index] = session;
    turnOf[index] = turns[session]!++;
    delayMs[index] = turnOf[index] === 0 ? 0 : sessions.delayMs[request]!;
  }
  return { sessionOf, turnOf, delayMs, names };
}
