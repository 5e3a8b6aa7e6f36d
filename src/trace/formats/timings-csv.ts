import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { readCsv } from "./csv-lines.ts";

/** A plain CSV of arrivals and lengths: `arrival_ms`, `input_length`, `output_length`; other columns are passed over. */
export const timingsCsvFormat: TraceFormat = {
  name: "csv",
  description: "CSV with arrival_ms, input_length, output_length",
  detect: (head) => /\barrival_ms\b/.test(firstLine(head)) && /\binput_length\b/.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, 1, source.sizeHint);
    await readCsv(source, (row) => {
      const time = row.required("arrival_ms");
      const inputs = row.required("input_length");
      const outputs = row.required("output_length");
      return () => {
        const arrivalMs = row.number(time);
        const input = row.tokens(inputs);
        if (input === 0) builder.skip("input_length is 0");
        else builder.addRow(row.line, arrivalMs, input, row.tokens(outputs));
      };
    });
    builder.note("CSV: every prompt is taken as new (no prefix sharing)");
    return builder.finish(source.name, options.arrivals);
  },
};
