import { TraceError } from "../trace-error.ts";
import type { TraceFormat } from "../trace-format.ts";

/** ServeGen pools are folders, so they are opened by their path (servegen/open-pool); this names them among the formats. */
export const servegenFormat: TraceFormat = {
  name: "servegen",
  description: "ServeGen pool: a folder of chunk-N-trace.csv and chunk-N-dataset.json; drawn with --seed",
  detect: () => false,
  read: (source) => {
    throw new TraceError(source.name, null, "is a file, but a ServeGen pool is a folder");
  },
};
