import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { readCsv } from "./csv-lines.ts";

/**
 * Vidur request traces (Microsoft, MIT): CSV with `arrived_at` in seconds (absent in length-only traces),
 * `num_prefill_tokens`, `num_decode_tokens`.
 */
export const vidurFormat: TraceFormat = {
  name: "vidur",
  description: "Vidur: CSV with arrived_at (s), num_prefill_tokens, num_decode_tokens",
  detect: (head) => /\bnum_prefill_tokens\b/.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, 1, source.sizeHint);
    await readCsv(source, (row) => {
      const time = row.column("arrived_at");
      const prefill = row.required("num_prefill_tokens");
      const decode = row.required("num_decode_tokens");
      if (row.column("block_hash_ids") >= 0) {
        builder.note("Vidur: block_hash_ids is not used, because the trace does not say how many tokens a block has");
      }
      return () => {
        const arrivalMs = time < 0 ? Number.NaN : row.number(time) * 1000;
        const input = row.tokens(prefill);
        if (input === 0) builder.skip("num_prefill_tokens is 0");
        else builder.addRow(row.line, arrivalMs, input, row.tokens(decode));
      };
    });
    builder.note("Vidur: every prompt is taken as new (no prefix sharing)");
    return builder.finish(source.name, options.arrivals);
  },
};
