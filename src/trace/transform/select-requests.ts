import type { Trace, TraceBlocks, TraceSessions } from "../trace.ts";

/**
 * A trace of some requests of another, in the order given. Arrivals shift so that the earliest first turn is at 0;
 * blocks keep their sharing and are numbered anew; a session that lost its first turn begins with the next one.
 */
export function selectRequests(trace: Trace, requests: Uint32Array): Trace {
  const count = requests.length;
  const arrivalMs = Float64Array.from(requests, (request) => trace.arrivalMs[request]!);
  const sessions = trace.sessions === null ? null : selectSessions(trace.sessions, requests);
  let earliest = Infinity;
  for (let index = 0; index < count; index++) {
    if ((sessions === null || sessions.turnOf[index] === 0) && arrivalMs[index]! < earliest) {
      earliest = arrivalMs[index]!;
    }
  }
  if (Number.isFinite(earliest)) {
    for (let index = 0; index < count; index++) arrivalMs[index] = arrivalMs[index]! - earliest;
  }
  return {
    ...trace,
    count,
    arrivalMs,
    inputLength: Int32Array.from(requests, (request) => trace.inputLength[request]!),
    outputLength: Int32Array.from(requests, (request) => trace.outputLength[request]!),
    blocks: trace.blocks === null ? null : selectBlocks(trace.blocks, requests),
    sessions,
  };
}

function selectBlocks(blocks: TraceBlocks, requests: Uint32Array): TraceBlocks | null {
  const offsets = new Float64Array(requests.length + 1);
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index]!;
    offsets[index + 1] = offsets[index]! + blocks.offsets[request + 1]! - blocks.offsets[request]!;
  }
  const ids = new Int32Array(offsets[requests.length]!);
  const renumbered = new Int32Array(blocks.distinct).fill(-1);
  let distinct = 0;
  let at = 0;
  for (const request of requests) {
    for (let from = blocks.offsets[request]!; from < blocks.offsets[request + 1]!; from++) {
      const id = blocks.ids[from]!;
      if (renumbered[id]! < 0) renumbered[id] = distinct++;
      ids[at++] = renumbered[id]!;
    }
  }
  return distinct === ids.length ? null : { blockSize: blocks.blockSize, offsets, ids, distinct };
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
