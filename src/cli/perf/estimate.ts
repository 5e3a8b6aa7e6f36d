import { ConfigError } from "../../config/config-error.ts";
import type { ValidatedEngineArgs } from "../../config/validated-engine-args.ts";
import { defaultMemoryFraction, doesNotFitMessage, kvCapacity } from "../../perf/kv-capacity.ts";
import type { KvCapacity } from "../../perf/kv-capacity.ts";
import type { Deployment } from "../../perf/deployment.ts";
import { resolveAicDeployment, resolveEnginePerformance } from "../../perf/resolve.ts";
import { stepModelBehind } from "../../perf/overheads/overhead-perf-model.ts";
import type { PerfModel } from "../../perf/perf-model.ts";
import type { StepPerfModel } from "../../perf/step-perf-model.ts";
import type { OperationTime } from "../../perf/step-model.ts";
import { exitCodes } from "../failure.ts";
import { OptionReader } from "../option-reader.ts";
import {
  engineArgsOf,
  engineCommand,
  parseCommand,
  textTable,
  underShortcuts,
  wholeNumbers,
} from "./perf-command-line.ts";

/** One priced pass. */
interface Estimate {
  readonly phase: "prefill" | "decode";
  readonly batch: number;
  /** Prefill: new and cached prompt tokens; decode: the context. */
  readonly tokens: number;
  readonly prefix: number;
  readonly ms: number;
  readonly operations: readonly OperationTime[];
}

function estimateCommand() {
  return engineCommand("estimate", "Price passes of an engine and the key-value cache it has room for.")
    .option("--batch <N,…>", "requests of a pass", "1,8,64")
    .option("--isl <N,…>", "new prompt tokens of a prefill request", "1024,8192")
    .option("--prefix <N,…>", "cached prompt tokens of a prefill request", "0")
    .option("--context <N,…>", "tokens a decoding sequence holds", "1024,8192")
    .option("--operations", "show each pass operation by operation")
    .option("--json", "print JSON");
}

/** `windtunnel perf estimate`: pass times on a grid, key-value capacity, and where the time goes. */
export async function run(args: string[]): Promise<number> {
  const parsed = parseCommand(estimateCommand(), args);
  if (parsed === null) return exitCodes.done;
  const { options } = parsed;
  const reader = new OptionReader();
  const batches = reader.read(() => wholeNumbers("--batch", options["batch"], 1));
  const inputs = reader.read(() => wholeNumbers("--isl", options["isl"], 1));
  const prefixes = reader.read(() => wholeNumbers("--prefix", options["prefix"], 0));
  const contexts = reader.read(() => wholeNumbers("--context", options["context"], 1));
  const engine = await reader.readLater(() => underShortcuts(options, () => engineArgsOf(options)));
  reader.throwIfAny();
  const performance = await underShortcuts(options, () =>
    resolveEnginePerformance({ ...engine, numGpuBlocks: engine.numGpuBlocks ?? 1 }),
  );
  const { perfModel } = performance;
  const behind = stepModelBehind(perfModel);
  if (behind === null) {
    throw new ConfigError([
      {
        where: "",
        message: "perf estimate needs --backend, --system and --model (or aic_* in --extra-engine-args)",
      },
    ]);
  }
  const { capacity, deployment } = await capacityOf(engine);
  const { prefill, decode } = pricesOf(perfModel, behind);
  const estimates = batches.flatMap((batch) => [
    ...inputs.flatMap((tokens) => prefixes.map((prefix) => prefill(batch, tokens, prefix))),
    ...contexts.map((tokens) => decode(batch, tokens)),
  ]);
  const blocks = Math.floor(capacity.tokens / engine.blockSize);
  if (blocks === 0) process.stderr.write(`warning: ${doesNotFitMessage(deployment, capacity)}\n`);
  if (options["json"] === true) {
    const document = {
      model: perfModel.provenance,
      capacity: { ...capacity, blockSize: engine.blockSize, blocks },
      passes: estimates,
    };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exitCodes.done;
  }
  process.stdout.write(`${perfModel.provenance.description}\n\n${capacityText(capacity, engine.blockSize, blocks)}\n`);
  for (const note of performance.notes) process.stderr.write(`note: ${note}\n`);
  process.stdout.write(estimatesText(estimates));
  if (options["operations"] === true)
    for (const estimate of estimates) process.stdout.write(`\n${operationsText(estimate)}`);
  return exitCodes.done;
}

/** Prices passes by the model, with the operations of the one behind it. */
function pricesOf(model: PerfModel, behind: StepPerfModel) {
  const { step } = behind;
  const hasOverheads = model !== behind;
  return {
    prefill: (batch: number, tokens: number, prefix: number): Estimate => {
      const ms = model.prefillMs(batch, tokens, prefix);
      const operations = withServer(step.prefillOperations(batch, tokens, prefix), ms, hasOverheads);
      return { phase: "prefill", batch, tokens, prefix, ms, operations };
    },
    decode: (batch: number, tokens: number): Estimate => {
      const ms = model.decodeMs(batch, tokens, 0, 1);
      const operations = withServer(step.decodeOperations(batch, tokens), ms, hasOverheads);
      return { phase: "decode", batch, tokens, prefix: 0, ms, operations };
    },
  };
}

/** The key-value cache an engine has room for beside its weights. */
async function capacityOf(engine: ValidatedEngineArgs): Promise<{ capacity: KvCapacity; deployment: Deployment }> {
  const deployment = await resolveAicDeployment(engine);
  const { backend } = deployment;
  const fraction =
    { vllm: engine.gpuMemoryUtilization, trtllm: engine.freeGpuMemoryFraction, sglang: engine.memFractionStatic }[
      backend
    ] ?? defaultMemoryFraction[backend];
  return { capacity: kvCapacity(deployment, engine.maxNumBatchedTokens ?? 8192, fraction), deployment };
}

/** The operations of a pass, with what a server adds to them. */
function withServer(operations: readonly OperationTime[], ms: number, hasOverheads: boolean): readonly OperationTime[] {
  if (!hasOverheads) return operations;
  const modelled = operations.reduce((sum, operation) => sum + operation.ms, 0);
  return [...operations, { name: "server overhead", ms: ms - modelled }];
}

function capacityText(capacity: KvCapacity, blockSize: number, blocks: number): string {
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
  return textTable([
    ["memory of a GPU", "GiB"],
    ["capacity", gib(capacity.capacityBytes)],
    ["weights", gib(capacity.weightsBytes)],
    ["activations", gib(capacity.activationsBytes)],
    ["collectives", gib(capacity.communicationBytes)],
    ["runtime", gib(capacity.runtimeBytes)],
    [
      `key-value cache (${capacity.memoryFraction} of ${capacity.fractionOf === "free" ? "what is free" : "all"})`,
      gib(capacity.cacheBytes),
    ],
    [`  = ${capacity.tokens} tokens of ${capacity.bytesPerToken} bytes, ${blocks} blocks of ${blockSize}`, ""],
  ]);
}

function estimatesText(estimates: readonly Estimate[]): string {
  return textTable([
    ["pass", "batch", "new tokens", "cached", "context", "ms"],
    ...estimates.map(({ phase, batch, tokens, prefix, ms }) => [
      phase,
      String(batch),
      phase === "prefill" ? String(tokens) : "1",
      phase === "prefill" ? String(prefix) : "",
      phase === "prefill" ? "" : String(tokens),
      ms.toFixed(3),
    ]),
  ]);
}

function operationsText({ phase, batch, tokens, prefix, ms, operations }: Estimate): string {
  const total = operations.reduce((sum, operation) => sum + operation.ms, 0);
  const title =
    phase === "prefill" ? `prefill of ${batch} × ${tokens} after ${prefix}` : `decode of ${batch} at ${tokens}`;
  return textTable([
    [title, "ms", "share"],
    ...operations
      .filter((operation) => operation.ms !== 0)
      .toSorted((a, b) => b.ms - a.ms)
      .map((operation) => [operation.name, operation.ms.toFixed(3), `${((operation.ms / total) * 100).toFixed(1)} %`]),
    ["together", ms.toFixed(3), ""],
  ]);
}
