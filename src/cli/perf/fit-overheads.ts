import { writeFile } from "node:fs/promises";
import { ConfigError } from "../../config/config-error.ts";
import { summarize } from "../../perf/check/check-file.ts";
import type { ComparedRow } from "../../perf/check/check-file.ts";
import { readTruthTable } from "../../perf/check/truth-table.ts";
import { backendNames, backendOf } from "../../perf/backend.ts";
import { fitFrontEnd, fitRuntimeOverheads } from "../../perf/overheads/fit-overheads.ts";
import type { ObservedDeployment, ObservedFirstToken } from "../../perf/overheads/fit-overheads.ts";
import { kernelFamily } from "../../perf/overheads/kernel-family.ts";
import { OverheadPerfModel } from "../../perf/overheads/overhead-perf-model.ts";
import { runOverheads, serverRuntimes } from "../../perf/overheads/run-overheads.ts";
import type { RuntimeConstants, ServerRuntime } from "../../perf/overheads/run-overheads.ts";
import type { PerfModel } from "../../perf/perf-model.ts";
import { exitCodes } from "../failure.ts";
import { holdsDeployments, readyDeployments } from "./check-deployments.ts";
import type { ReadyDeployment } from "./check-deployments.ts";
import { runClosedLoop } from "./closed-loop.ts";
import { plainCommand, parseCommand, textTable } from "./perf-command-line.ts";

/** `windtunnel perf fit-overheads FILE`: makes the constants behind `perf_overheads: measured` again. */
export async function run(args: string[]): Promise<number> {
  const command = plainCommand("fit-overheads", "Fit what servers add to pass times to half of published deployments.")
    .argument("<file>", "measured deployments (silicon_tpot_ms), .gz too")
    .option("--every <N>", "simulate every N-th deployment only", "1")
    .option("--all", "fit to all of them, not to half")
    .option("--out <FILE>", "where the constants go", "overheads.json");
  const parsed = parseCommand(command, args);
  if (parsed === null) return exitCodes.done;
  const { positional, options } = parsed;
  const table = await readTruthTable(positional[0]!);
  if (!holdsDeployments(table)) {
    throw new ConfigError([{ where: table.path, message: "no column silicon_tpot_ms: these are no deployments" }]);
  }
  const { ready } = await readyDeployments(table, Math.max(1, Number(options["every"]) || 1));
  const fitted = ready.filter(({ kind }) => kind !== "latent");
  const chosen = fitted.map((one) => options["all"] === true || inFirstHalf(one));
  const observed = fitted.map(observe);
  const runtimes = {} as Record<ServerRuntime, RuntimeConstants>;
  for (const name of backendNames) {
    const part = observed.filter(({ runtime }, i) => chosen[i] && backendOf(runtime.split("-")[0]!) === name);
    for (const [runtime, constants] of fitRuntimeOverheads(part)) {
      runtimes[runtime] = { ...constants, frontEndMs: 0, frontEndPerPromptTokenUs: 0 };
    }
  }
  const simulated = fitted.map((one) => simulateWith(one, runtimes[one.published.runtime]));
  for (const runtime of serverRuntimes) {
    const first: ObservedFirstToken[] = [];
    for (const [i, { published }] of fitted.entries()) {
      if (!chosen[i] || published.runtime !== runtime) continue;
      const { inputLength, measured } = published;
      first.push({ promptTokens: inputLength, modelledMs: simulated[i]!.ttftMs, measuredMs: measured.ttftMs });
    }
    runtimes[runtime] = { ...runtimes[runtime], ...fitFrontEnd(first) };
  }
  const source = `windtunnel perf fit-overheads on ${fitted.filter((_, i) => chosen[i]).length} of ${fitted.length} published deployments (aiconfigurator silicon_sample.csv, Apache-2.0). Figures: docs/performance-models.md.`;
  await writeFile(String(options["out"]), `${JSON.stringify({ source, runtimes }, null, 2)}\n`);
  process.stdout.write(report(fitted, simulated, chosen, runtimes));
  return exitCodes.done;
}

/** Whether a row belongs to the half that is fitted to: by what was deployed, so that repeats stay together. */
function inFirstHalf({ published }: ReadyDeployment): boolean {
  const { model, system, backend, inputLength, outputLength, concurrency, engineArgs } = published;
  const name = [model, system, backend, inputLength, outputLength, concurrency, engineArgs["aic_tp_size"]].join(" ");
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 13)) & 1) === 0;
}

/** Simulates a row without overheads, counting its passes. */
function observe({ published, deployment, engine }: ReadyDeployment): ObservedDeployment {
  const base = engine.perfModel;
  let passes = 0;
  let promptPasses = 0;
  let sequences = 0;
  const counting: PerfModel = {
    provenance: base.provenance,
    // The engine asks for every pass only when a time depends on all of its arguments.
    decodeDependsOn: "all",
    prefillMs: (requests, tokens, prefix) => {
      promptPasses++;
      return base.prefillMs(requests, tokens, prefix);
    },
    decodeMs: (requests, context, active, pool) => {
      passes++;
      sequences += requests;
      return base.decodeMs(requests, context, active, pool);
    },
  };
  const times = runClosedLoop({ ...engine, perfModel: counting }, published);
  const { recipe, outputLength, runtime, measured } = published;
  return {
    runtime,
    family: kernelFamily(deployment),
    layers: deployment.model.layers,
    hasExpertGroups: deployment.expertParallelSize > 1,
    sequencesPerPass: sequences / passes,
    promptPassesPerPass: promptPasses / passes,
    share: 1 - Math.min(recipe.deliveryPasses, outputLength - 1) / Math.max(1, outputLength - 1),
    modelledMs: times.tpotMs,
    measuredMs: measured.tpotMs,
  };
}

function simulateWith({ published, deployment, engine }: ReadyDeployment, constants: RuntimeConstants) {
  const overheads = runOverheads(deployment, published.runtime, constants);
  return runClosedLoop({ ...engine, perfModel: new OverheadPerfModel(engine.perfModel, overheads) }, published);
}

function report(
  ready: readonly ReadyDeployment[],
  simulated: readonly { readonly ttftMs: number; readonly tpotMs: number }[],
  chosen: readonly boolean[],
  runtimes: Readonly<Record<ServerRuntime, RuntimeConstants>>,
): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const lines = [["errors", "rows", "median", "p90", "bias"]];
  for (const [half, isFitted] of [
    ["fitted to", true],
    ["held out", false],
  ] as const) {
    for (const [figure, kind] of ["ttft", "tpot"].flatMap((f) => ["dense", "mixture", "both"].map((k) => [f, k]))) {
      const rows: Pick<ComparedRow, "truth" | "answer" | "error">[] = [];
      for (const [i, one] of ready.entries()) {
        if (chosen[i] !== isFitted || (kind !== "both" && one.kind !== kind)) continue;
        const { frontEndMs, frontEndPerPromptTokenUs } = runtimes[one.published.runtime];
        const frontEnd = frontEndMs + (frontEndPerPromptTokenUs * one.published.inputLength) / 1e3;
        const answer = figure === "tpot" ? simulated[i]!.tpotMs : simulated[i]!.ttftMs + frontEnd;
        const truth = figure === "tpot" ? one.published.measured.tpotMs : one.published.measured.ttftMs;
        rows.push({ truth, answer, error: Math.abs(answer / truth - 1) });
      }
      if (rows.length === 0) continue;
      const { n, median, p90, bias } = summarize(rows as ComparedRow[]);
      lines.push([`${figure} ${kind}, ${half}`, String(n), percent(median), percent(p90), percent(bias)]);
    }
  }
  return textTable(lines);
}
