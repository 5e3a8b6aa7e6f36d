export type { Trace } from "./trace/trace.ts";
