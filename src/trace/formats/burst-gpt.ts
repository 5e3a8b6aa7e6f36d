import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { readCsv } from "./csv-lines.ts";

/**
 * BurstGPT (HPMLL, CC-BY 4.0): CSV with `Timestamp` in seconds, `Request tokens`, `Response tokens` (0 = failed), and
 * from version 2 `Session ID` and `Elapsed time`.
 */
export const burstGptFormat: TraceFormat = {
  name: "burst_gpt",
  description: "BurstGPT: CSV with Timestamp (s), Request tokens, Response tokens",
  detect: (head) => /\bRequest tokens\b/i.test(firstLine(head)) && /\bResponse tokens\b/i.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, 1, source.sizeHint);
    await readCsv(source, (row) => {
      const time = row.required("Timestamp");
      const request = row.required("Request tokens");
      const response = row.required("Response tokens");
      if (row.column("Session ID") >= 0) {
        builder.note("BurstGPT: Session ID is not used; every request keeps its recorded time");
      }
      return () => {
        const arrivalMs = row.number(time) * 1000;
        const input = row.tokens(request);
        const output = row.tokens(response);
        if (output === 0) builder.skip("Response tokens is 0: the request failed");
        else if (input === 0) builder.skip("Request tokens is 0");
        else builder.addRow(row.line, arrivalMs, input, output);
      };
    });
    builder.note("BurstGPT: no prefix sharing is recorded; every prompt is taken as new");
    return builder.finish(source.name, options.arrivals);
  },
};
