import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import type { JsonRow } from "./json-rows.ts";
import { readJsonRows } from "./json-rows.ts";

/**
 * AIPerf's `profile_export.jsonl` (Apache-2.0): a line for each request with `metadata` (`request_start_ns`,
 * `benchmark_phase`, `was_cancelled`) and `metrics` (`input_sequence_length`, `output_sequence_length`, each a number
 * or an object with `value`).
 */
export const aiperfFormat: TraceFormat = {
  name: "aiperf",
  description: "AIPerf profile_export.jsonl: metadata and metrics of each request",
  detect: (head) => /"metadata"\s*:/.test(firstLine(head)) && /"metrics"\s*:|"request_start_ns"/.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, 1, source.sizeHint);
    let baseMs = Number.NaN;
    await readJsonRows(source, (row, text) => {
      const metadata: JsonRow = row.object("metadata");
      if (row.has("error")) {
        builder.skip("the request failed");
        return;
      }
      if (metadata.has("benchmark_phase") && metadata.text("benchmark_phase") !== "profiling") {
        builder.skip("not of the profiling phase");
        return;
      }
      // Nanoseconds since 1970 do not fit a double; their digits do when split.
      metadata.number("request_start_ns");
      const digits = /"request_start_ns"\s*:\s*(\d+)(?![\d.eE])/.exec(text)?.[1];
      if (digits === undefined) metadata.fail("request_start_ns", "must be a non-negative integer");
      const wholeMs = Number(digits.slice(0, -6) || "0");
      if (Number.isNaN(baseMs)) baseMs = wholeMs;
      const arrivalMs = wholeMs - baseMs + Number(digits.slice(-6)) / 1e6;
      const metrics = row.object("metrics");
      const output = metricTokens(metrics, metrics.pick("output_sequence_length", "output_token_count"));
      const input = metricTokens(metrics, "input_sequence_length");
      if (input === 0) builder.skip("input_sequence_length is 0");
      else builder.addRow(row.line, arrivalMs, input, output);
    });
    builder.note("AIPerf: requests keep their measured start times; every prompt is taken as new (no prefix sharing)");
    const trace = builder.finish(source.name, options.arrivals);
    return { ...trace, startUnixMs: baseMs + builder.shiftMs };
  },
};

/** A metric is a number or, with its unit, an object. */
function metricTokens(metrics: JsonRow, name: string): number {
  return typeof metrics.raw(name) === "object" ? metrics.object(name).tokens("value") : metrics.tokens(name);
}
