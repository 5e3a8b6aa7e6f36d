import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import { readCsv } from "./csv-lines.ts";

/** Prefix groups are shared in blocks this small: prefix lengths are given in tokens. */
const prefixBlockSize = 16;

/**
 * BLIS TraceV2 data (inference-sim, Apache-2.0): CSV with `arrival_time_us`, `input_tokens` (prefix not included),
 * `output_tokens`, `prefix_group` and `prefix_length`; the YAML header beside it holds nothing a replay needs.
 */
export const blisTraceFormat: TraceFormat = {
  name: "blis",
  description: "BLIS TraceV2 data: CSV with arrival_time_us, input_tokens, output_tokens, prefix_group",
  detect: (head) => /\barrival_time_us\b/.test(firstLine(head)) && /\binput_tokens\b/.test(firstLine(head)),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, prefixBlockSize, source.sizeHint);
    await readCsv(source, (row) => {
      const time = row.required("arrival_time_us");
      const sent = row.column("send_time_us");
      const served = row.column("server_input_tokens");
      const inputs = row.required("input_tokens");
      const outputs = row.required("output_tokens");
      const group = row.column("prefix_group");
      const length = row.column("prefix_length");
      const status = row.column("status");
      const groups = new Map<string, number>();
      let lonePrompts = 0;
      return () => {
        // As BLIS replays it: when the request was really sent, with the length the server counted, if those are known.
        const sentUs = sent < 0 ? 0 : row.number(sent);
        const arrivalMs = (sentUs > 0 ? sentUs : row.number(time)) / 1000;
        const own = row.tokens(inputs);
        const output = row.tokens(outputs);
        const outcome = status < 0 ? "ok" : row.text(status);
        const prefix = group < 0 || length < 0 || row.text(group) === "" ? 0 : row.tokens(length);
        if (outcome !== "" && outcome !== "ok") {
          builder.skip(`status is not ok`);
          return;
        }
        const counted = prefix > 0 || served < 0 ? 0 : row.tokens(served);
        const input = counted > 0 ? counted : own;
        if (input + prefix === 0) {
          builder.skip("input_tokens is 0");
          return;
        }
        if (group >= 0) {
          const name = prefix === 0 ? "" : row.text(group);
          if (!groups.has(name)) groups.set(name, groups.size);
          pushBlocks(builder, groups.get(name)!, prefix, input + prefix, lonePrompts++);
        }
        builder.addRow(row.line, arrivalMs, input + prefix, output);
      };
    });
    builder.note("BLIS: sessions keep their recorded times; prefix_length tokens stand before input_tokens");
    return builder.finish(source.name, options.arrivals);
  },
};

/** Blocks of a prompt: those of its group's prefix, then its own. Halves of 64-bit ids keep the two kinds apart. */
function pushBlocks(builder: TraceBuilder, group: number, prefix: number, tokens: number, prompt: number): void {
  const shared = Math.floor(prefix / prefixBlockSize);
  const all = Math.ceil(tokens / prefixBlockSize);
  for (let block = 0; block < all; block++) {
    if (block < shared) builder.pushBlock(2 ** 31 + group, block);
    else builder.pushBlock(1 + (prompt % (2 ** 31 - 1)), block);
  }
}
