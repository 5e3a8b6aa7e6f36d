import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { readCsv } from "./csv-lines.ts";

/**
 * Azure LLM inference traces of 2023 and 2024 (Microsoft, CC-BY 4.0): CSV with `TIMESTAMP` (calendar time),
 * `ContextTokens`, `GeneratedTokens`. No prefixes.
 */
export const azureLlmFormat: TraceFormat = {
  name: "azure_llm",
  description: "Azure LLM inference trace: CSV with TIMESTAMP, ContextTokens, GeneratedTokens",
  detect: (head) => /\bContextTokens\b/i.test(firstLine(head)) && /\bGeneratedTokens\b/i.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, 1, source.sizeHint);
    let baseMs = Number.NaN;
    await readCsv(source, (row) => {
      const time = row.required("TIMESTAMP");
      const context = row.required("ContextTokens");
      const generated = row.required("GeneratedTokens");
      return () => {
        if (Number.isNaN(baseMs)) baseMs = Math.floor(row.calendarMs(time, 0) / 1000) * 1000;
        const arrivalMs = row.calendarMs(time, baseMs);
        const input = row.tokens(context);
        const output = row.tokens(generated);
        if (input === 0) builder.skip("ContextTokens is 0");
        else builder.addRow(row.line, arrivalMs, input, output);
      };
    });
    builder.note("Azure trace: no prefix sharing is recorded; every prompt is taken as new");
    const trace = builder.finish(source.name, options.arrivals);
    return { ...trace, startUnixMs: baseMs + builder.shiftMs };
  },
};
