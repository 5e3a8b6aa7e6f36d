import { mooncakeFormat } from "./mooncake.ts";
import type { TraceFormat } from "./trace-format.ts";

/** All formats that can be read, the default first. */
export const traceFormats: readonly TraceFormat[] = [mooncakeFormat];
