import { readMooncakeRows } from "../mooncake.ts";
import { TraceBuilder } from "../trace-builder.ts";
import type { TraceFormat } from "../trace-format.ts";

/**
 * Qwen-Bailian usage traces (Alibaba, Apache-2.0): JSONL with `chat_id`, `parent_chat_id` (−1 = root), `timestamp` in
 * seconds, `input_length`, `output_length`, `type`, `turn`, and `hash_ids` of 16 tokens each.
 */
export const qwenBailianFormat: TraceFormat = {
  name: "qwen_bailian",
  description: "Qwen-Bailian JSONL: chat_id, parent_chat_id, timestamp (s), hash_ids of 16 tokens",
  detect: (head) => /"parent_chat_id"\s*:/.test(head) && /"hash_ids"\s*:/.test(head),
  async read(source, options) {
    const builder = new TraceBuilder(source.name, options.traceBlockSize ?? 16, source.sizeHint);
    await readMooncakeRows(source, builder, 1000);
    builder.note("Qwen-Bailian: timestamps are seconds; turns keep their recorded times (no think time is inferred)");
    return builder.finish(source.name, options.arrivals);
  },
};
