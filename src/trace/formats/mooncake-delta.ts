import { cumulativePrompts } from "../cumulative-prompts.ts";
import { readMooncakeRows } from "../mooncake.ts";
import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";

/**
 * Mooncake rows whose turns give only what is new (engine-reference §2.3): the prompt of a turn is everything before it
 * in its session, answers included, and its own segment. Such a file looks like any Mooncake trace, so it must be named.
 */
export const mooncakeDeltaFormat: TraceFormat = {
  name: "mooncake_delta",
  description: "Mooncake JSONL whose turns hold only the new part of the prompt; asked for by name",
  alsoReads: ["mooncake"],
  detect: () => false,
  async read(source, options) {
    const builder = new TraceBuilder(source.name, options.traceBlockSize ?? 512, source.sizeHint);
    await readMooncakeRows(source, builder, 1);
    builder.note("mooncake-delta: answers count with their recorded output_length in later prompts");
    return cumulativePrompts(builder.finish(source.name, options.arrivals), options.engineBlockSize);
  },
};
