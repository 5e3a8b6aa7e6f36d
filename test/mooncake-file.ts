import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openTrace, type OpenTraceOptions } from "../src/trace/open-trace.ts";
import { TraceError } from "../src/trace/trace-error.ts";
import { scratchFolder } from "./run-cli.ts";

/** A folder for a file of Mooncake rows, and what reading such a file gives. */
export function mooncakeFile() {
  const folder = scratchFolder();
  const read = (content: string | Uint8Array, options: OpenTraceOptions = {}) => {
    const path = join(folder, "trace.jsonl");
    writeFileSync(path, content);
    return openTrace(path, { format: "mooncake", ...options });
  };
  /** What is said of a file that is refused, without the folder. */
  const problemOf = async (content: string | Uint8Array, options: OpenTraceOptions = {}): Promise<string> => {
    try {
      await read(content, options);
    } catch (error) {
      expect(error).toBeInstanceOf(TraceError);
      return (error as Error).message.replaceAll(`${folder}/`, "");
    }
    return "no error";
  };
  return { folder, read, problemOf };
}

/** A line with one request of two blocks; undefined fields are left out. */
export function mooncakeRow(fields: Record<string, unknown> = {}): string {
  const all = { timestamp: 0, input_length: 600, output_length: 3, hash_ids: [1, 2], ...fields };
  return `${JSON.stringify(all)}\n`;
}
