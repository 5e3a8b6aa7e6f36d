import { playsOf, type Plays } from "./plays.ts";
import type { Trace, TraceDependencies, TracePriorities } from "./trace.ts";

const linesPerChunk = 512;
const plainBlockSize = 512;

/**
 * A trace as Mooncake JSONL, some hundred lines at a time. A trace without block identities gets its own for every
 * prompt, of 512 tokens. Read back with `traceBlockSize` as the trace has it, it is the same trace.
 */
export function* mooncakeLines(trace: Trace): Generator<string> {
  const { blocks, sessions } = trace;
  const graph = trace.dependencies ?? null;
  const plays = graph !== null && needsSecondVersion(graph) ? playsOf(graph, trace.count) : null;
  if (plays !== null) yield `${JSON.stringify(headerOf(trace))}\n`;
  let nextId = 0;
  let chunk: string[] = [];
  for (let request = 0; request < trace.count; request++) {
    const fields: string[] = [];
    const arrival = trace.arrivalMs[request]!;
    const laterTurn = graph === null && sessions !== null && sessions.turnOf[request]! > 0;
    if (graph !== null) fields.push(...dependencyFields(graph, request, plays));
    if (plays !== null) fields.push(...playFields(graph!, request, arrival));
    else if (Number.isFinite(arrival) && !laterTurn) fields.push(`"timestamp": ${arrival}`);
    fields.push(`"input_length": ${trace.inputLength[request]!}`, `"output_length": ${trace.outputLength[request]!}`);
    if (sessions !== null) {
      fields.push(`"session_id": ${JSON.stringify(sessions.names[sessions.sessionOf[request]!])}`);
      if (laterTurn) fields.push(`"delay": ${sessions.delayMs[request]!}`);
    }
    if (trace.priorities != null) fields.push(...priorityFields(trace.priorities, request));
    let ids: string;
    if (blocks === null) {
      const own = Math.ceil(trace.inputLength[request]! / plainBlockSize);
      ids = Array.from({ length: own }, () => nextId++).join(", ");
    } else {
      ids = blocks.ids.subarray(blocks.offsets[request]!, blocks.offsets[request + 1]!).join(", ");
    }
    chunk.push(`{${fields.join(", ")}, "hash_ids": [${ids}]}\n`);
    if (chunk.length === linesPerChunk) {
      yield chunk.join("");
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk.join("");
}

/** Whether the first version of agentic Mooncake cannot say what a graph says. */
function needsSecondVersion({ offsets, delayMs, onOffer, notBeforeMs }: TraceDependencies): boolean {
  if (onOffer.includes(1)) return true;
  for (let request = 0; request + 1 < offsets.length; request++) {
    const from = offsets[request]!;
    const end = offsets[request + 1]!;
    if (end === from) continue;
    if (!Number.isNaN(notBeforeMs[request]!)) return true;
    for (let at = from; at < end; at++) if (delayMs[at] !== delayMs[from]) return true;
  }
  return false;
}

function headerOf({ blocks, name }: Trace): object {
  return {
    schema: "dynamo.agentic_mooncake",
    version: 2,
    block_size: blocks?.blockSize ?? plainBlockSize,
    hash_id_scope: "local",
    source: { format: "windtunnel", digest: name },
  };
}

function dependencyFields(graph: TraceDependencies, request: number, plays: Plays | null): string[] {
  const nameOf = (place: number) => JSON.stringify(graph.names[graph.on[place]!]);
  const places = Array.from(
    { length: graph.offsets[request + 1]! - graph.offsets[request]! },
    (_, index) => graph.offsets[request]! + index,
  );
  const fields = [`"request_id": ${JSON.stringify(graph.names[request])}`];
  if (plays === null) {
    if (places.length === 0) return fields;
    return [...fields, `"wait_for": [${places.map(nameOf).join(", ")}]`, `"delay": ${graph.delayMs[places[0]!]!}`];
  }
  const edges = places.map((place) => {
    const trigger = graph.onOffer[place] === 1 ? "dispatch" : "completion";
    return `{"request_id": ${nameOf(place)}, "relation": "sequence", "trigger": "${trigger}", "delay_ms": ${graph.delayMs[place]!}}`;
  });
  return [...fields, `"play_id": "play_${plays.of[request]!}"`, `"dependencies": [${edges.join(", ")}]`];
}

function playFields(graph: TraceDependencies, request: number, arrivalMs: number): string[] {
  const isRoot = graph.offsets[request + 1] === graph.offsets[request];
  const at = isRoot ? arrivalMs : graph.notBeforeMs[request]!;
  return Number.isNaN(at) ? [] : [`"not_before_ms": ${Math.max(0, at)}`];
}

function priorityFields({ boostSeconds, strict, policyClasses }: TracePriorities, request: number): string[] {
  const fields: string[] = [];
  if (boostSeconds[request]! > 0) fields.push(`"priority": ${boostSeconds[request]!}`);
  if (strict[request]! > 0) fields.push(`"strict_priority": ${strict[request]!}`);
  const name = policyClasses?.names[policyClasses.classOf[request]!];
  if (name !== undefined) fields.push(`"policy_class": ${JSON.stringify(name)}`);
  return fields;
}
