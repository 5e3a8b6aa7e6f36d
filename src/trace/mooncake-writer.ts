import type { Trace } from "./trace.ts";

const linesPerChunk = 512;
const plainBlockSize = 512;

/**
 * A trace as Mooncake JSONL, some hundred lines at a time. A trace without block identities gets its own for every
 * prompt, of 512 tokens. Read back with `traceBlockSize` as the trace has it, it is the same trace.
 */
export function* mooncakeLines(trace: Trace): Generator<string> {
  const { blocks, sessions } = trace;
  let nextId = 0;
  let chunk: string[] = [];
  for (let request = 0; request < trace.count; request++) {
    const fields: string[] = [];
    const arrival = trace.arrivalMs[request]!;
    const laterTurn = sessions !== null && sessions.turnOf[request]! > 0;
    if (Number.isFinite(arrival) && !laterTurn) fields.push(`"timestamp": ${arrival}`);
    fields.push(`"input_length": ${trace.inputLength[request]!}`, `"output_length": ${trace.outputLength[request]!}`);
    if (sessions !== null) {
      fields.push(`"session_id": ${JSON.stringify(sessions.names[sessions.sessionOf[request]!])}`);
      if (laterTurn) fields.push(`"delay": ${sessions.delayMs[request]!}`);
    }
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
