import { ConfigError } from "../../config/config-error.ts";
import { summarize } from "../../perf/check/check-file.ts";
import type { ComparedRow } from "../../perf/check/check-file.ts";
import { readTruthTable } from "../../perf/check/truth-table.ts";
import { backendNames, backendOf } from "../../perf/backend.ts";
import { fitFrontEnd, fitRuntimeOverheads } from "../../perf/overheads/fit-overheads.ts";
import type { ObservedDeployment, ObservedFirstToken } from "../../perf/overheads/fit-overheads.ts";
import { kernelFamily } from "../../perf/overheads/kernel-family.ts";
import { OverheadPerfModel } from "../../perf/overheads/overhead-perf-model.ts";
import { noOverheads, runOverheads, serverRuntimes } from "../../perf/overheads/run-overheads.ts";
import type { RuntimeConstants, ServerRuntime } from "../../perf/overheads/run-overheads.ts";
import type { PerfModel } from "../../perf/perf-model.ts";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import { exitCodes } from "../failure.ts";
import { OptionReader } from "../option-reader.ts";
import { checkAllWritable, checkOutputs } from "../output-paths.ts";
import { holdsDeployments, readyDeployments } from "./check-deployments.ts";
import type { ReadyDeployment } from "./check-deployments.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { ClientTimes } from "./closed-loop.ts";
import { parseCommand, plainCommand, textTable } from "./perf-command-line.ts";

type Constants = Partial<Record<ServerRuntime, RuntimeConstants>>;

/** `windtunnel perf fit-overheads FILE`: makes the constants behind `perf_overheads: measured` again. */
export async function run(args: string[]): Promise<number> {
  const command = plainCommand("fit-overheads", "Fit what servers add to pass times to half of published deployments.")
    .argument("<file>", "measured deployments (silicon_tpot_ms), .gz too")
    .option("--every <N>", "simulate every N-th deployment only", "1")
    .option("--hold-out <half|model>", "what the fit is judged on: the other half, or each model in turn", "half")
    .option("--out <FILE>", "where the constants go (half only)", "overheads.json");
  const parsed = parseCommand(command, args);
  if (parsed === null) return exitCodes.done;
  const { positional, options } = parsed;
  const reader = new OptionReader();
  const every = reader.count("--every", String(options["every"])) ?? 1;
  const holdOut = reader.read(() => holdOutOf(options["holdOut"]));
  const out = String(options["out"]);
  const outputs = holdOut === "half" ? [{ role: "--out", path: out }] : [];
  reader.read(() => checkOutputs(outputs, [{ role: "the file of deployments", path: positional[0]! }]));
  reader.throwIfAny();
  const table = await readTruthTable(positional[0]!);
  if (!holdsDeployments(table)) {
    throw new ConfigError([{ where: table.path, message: "no column silicon_tpot_ms: these are no deployments" }]);
  }
  checkAllWritable(outputs);
  const ready = (await readyDeployments(table, every)).ready.filter(({ kind }) => kind !== "latent");
  const observed = ready.map(observe);
  process.stdout.write(holdOut === "half" ? await judgedOnHalf(ready, observed, out) : judgedByModel(ready, observed));
  return exitCodes.done;
}

function holdOutOf(given: unknown): "half" | "model" {
  if (given === "half" || given === "model") return given;
  throw new ConfigError([{ where: "--hold-out", message: `found "${String(given)}", expected "half" or "model"` }]);
}

async function judgedOnHalf(
  ready: readonly ReadyDeployment[],
  observed: readonly ObservedDeployment[],
  out: string,
): Promise<string> {
  const chosen = ready.map(inFirstHalf);
  const constants = fit(ready, observed, chosen);
  const { runtimes, simulated } = constants;
  const fitted = chosen.filter(Boolean).length;
  const source = `windtunnel perf fit-overheads on ${fitted} of ${ready.length} published deployments (aiconfigurator silicon_sample.csv, Apache-2.0). Figures: docs/performance-models.md.`;
  await writeFileAtomically(out, [`${JSON.stringify({ source, runtimes }, null, 2)}\n`]);
  const compared = compare(ready, simulated, runtimes);
  return report([
    ["fitted to", compared.filter((_, i) => chosen[i])],
    ["held out", compared.filter((_, i) => !chosen[i])],
  ]);
}

function judgedByModel(ready: readonly ReadyDeployment[], observed: readonly ObservedDeployment[]): string {
  const parts: [string, Compared[]][] = [];
  for (const model of new Set(ready.map(({ published }) => published.model))) {
    const chosen = ready.map(({ published }) => published.model !== model);
    const { runtimes, simulated } = fit(ready, observed, chosen);
    parts.push([model, compare(ready, simulated, runtimes).filter((_, i) => !chosen[i])]);
  }
  return report([...parts, ["each model unseen", parts.flatMap(([, rows]) => rows)]]);
}

/** Constants fitted to the chosen rows, and all rows simulated with them. */
function fit(
  ready: readonly ReadyDeployment[],
  observed: readonly ObservedDeployment[],
  chosen: readonly boolean[],
): { runtimes: Constants; simulated: ClientTimes[] } {
  const runtimes: Constants = {};
  for (const name of backendNames) {
    const part = observed.filter(({ runtime }, i) => chosen[i] && backendOf(runtime.split("-")[0]!) === name);
    for (const [runtime, constants] of fitRuntimeOverheads(part)) {
      runtimes[runtime] = { ...constants, frontEndMs: 0, frontEndPerPromptTokenUs: 0 };
    }
  }
  const simulated = ready.map(({ published, deployment, engine }) => {
    const overheads = runOverheads(deployment, published.runtime, runtimes[published.runtime] ?? noOverheads);
    return runClosedLoop({ ...engine, perfModel: new OverheadPerfModel(engine.perfModel, overheads) }, published);
  });
  for (const runtime of serverRuntimes) {
    const first: ObservedFirstToken[] = [];
    for (const [i, { published }] of ready.entries()) {
      if (!chosen[i] || published.runtime !== runtime) continue;
      const { inputLength, measured } = published;
      first.push({ promptTokens: inputLength, modelledMs: simulated[i]!.ttftMs, measuredMs: measured.ttftMs });
    }
    const fitted = runtimes[runtime];
    if (fitted !== undefined) runtimes[runtime] = { ...fitted, ...fitFrontEnd(first) };
  }
  return { runtimes, simulated };
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

/** A row's errors, measured and simulated. */
interface Compared {
  readonly kind: ReadyDeployment["kind"];
  readonly ttft: Judged;
  readonly tpot: Judged;
}

type Judged = Pick<ComparedRow, "truth" | "answer" | "error">;

function compare(
  ready: readonly ReadyDeployment[],
  simulated: readonly ClientTimes[],
  runtimes: Constants,
): Compared[] {
  const judged = (truth: number, answer: number) => ({ truth, answer, error: Math.abs(answer / truth - 1) });
  return ready.map(({ kind, published }, i) => {
    const { frontEndMs, frontEndPerPromptTokenUs } = runtimes[published.runtime] ?? noOverheads;
    const frontEnd = frontEndMs + (frontEndPerPromptTokenUs * published.inputLength) / 1e3;
    const { ttftMs, tpotMs } = published.measured;
    return {
      kind,
      ttft: judged(ttftMs, simulated[i]!.ttftMs + frontEnd),
      tpot: judged(tpotMs, simulated[i]!.tpotMs),
    };
  });
}

function report(parts: readonly (readonly [string, readonly Compared[]])[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const lines = [["errors", "rows", "median", "p90", "bias"]];
  for (const [name, compared] of parts) {
    for (const figure of ["ttft", "tpot"] as const) {
      for (const kind of ["dense", "mixture", "all"] as const) {
        const rows = compared.filter((one) => kind === "all" || one.kind === kind).map((one) => one[figure]);
        if (rows.length === 0 || (kind !== "all" && rows.length === compared.length)) continue;
        const { n, median, p90, bias } = summarize(rows);
        lines.push([`${name}: ${figure} ${kind}`, String(n), percent(median), percent(p90), percent(bias)]);
      }
    }
  }
  return textTable(lines);
}
