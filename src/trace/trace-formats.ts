import { agenticMooncakeFormat } from "./formats/agentic-mooncake.ts";
import { aibrixFormat } from "./formats/aibrix-workload.ts";
import { aiperfFormat } from "./formats/aiperf-records.ts";
import { appliedComputeAgenticFormat } from "./formats/applied-compute-agentic.ts";
import { azureLlmFormat } from "./formats/azure-llm.ts";
import { blisTraceFormat } from "./formats/blis-trace.ts";
import { burstGptFormat } from "./formats/burst-gpt.ts";
import { dynamoFormat } from "./formats/dynamo-requests.ts";
import { llmServingSimFormat } from "./formats/llm-serving-sim.ts";
import { mooncakeDeltaFormat } from "./formats/mooncake-delta.ts";
import { qwenBailianFormat } from "./formats/qwen-bailian.ts";
import { requestLogFormat } from "./formats/request-log.ts";
import { servegenFormat } from "./formats/servegen.ts";
import { timingsCsvFormat } from "./formats/timings-csv.ts";
import { vidurFormat } from "./formats/vidur.ts";
import { mooncakeFormat } from "./mooncake.ts";
import type { TraceFormat } from "./trace-format.ts";

const namedFormats: readonly TraceFormat[] = [
  mooncakeFormat,
  mooncakeDeltaFormat,
  agenticMooncakeFormat,
  qwenBailianFormat,
  azureLlmFormat,
  burstGptFormat,
  vidurFormat,
  blisTraceFormat,
  timingsCsvFormat,
  llmServingSimFormat,
  aibrixFormat,
  aiperfFormat,
  dynamoFormat,
  appliedComputeAgenticFormat,
  servegenFormat,
];

/** All formats that can be read, the default first. */
export const traceFormats: readonly TraceFormat[] = [...namedFormats, requestLogFormat(namedFormats)];
