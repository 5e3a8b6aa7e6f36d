import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { readJsonRows } from "./json-rows.ts";

/**
 * AIBrix workloads (Apache-2.0): JSONL, a line for each instant with `timestamp` (ms) and `requests`, each with
 * `prompt_length` and `output_length` (or "Prompt Length", "Output Length").
 */
export const aibrixFormat: TraceFormat = {
  name: "aibrix",
  description: "AIBrix workload JSONL: timestamp (ms) and requests with prompt_length and output_length",
  detect: (head) => /"requests"\s*:\s*\[/.test(firstLine(head)) && /"timestamp"\s*:/.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, 1, source.sizeHint);
    await readJsonRows(source, (row) => {
      const arrivalMs = row.number("timestamp");
      for (const request of row.objects("requests")) {
        const output = request.pick("output_length", "Output Length");
        const input = request.tokens(request.pick("prompt_length", "Prompt Length"));
        if (!request.has(output)) builder.skip("output_length is null");
        else if (input === 0) builder.skip("prompt_length is 0");
        else builder.addRow(row.line, arrivalMs, input, request.tokens(output));
      }
    });
    builder.note("AIBrix: prompts are known by length only; every prompt is taken as new, sessions are not used");
    return builder.finish(source.name, options.arrivals);
  },
};
