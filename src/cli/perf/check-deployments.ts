import { ConfigError, ProblemList } from "../../config/config-error.ts";
import { validateEngineArgs } from "../../config/engine-args.ts";
import { resolveEngine } from "../../config/resolve-engine.ts";
import type { EngineConfig } from "../../engine/engine-config.ts";
import type { CheckedFile, ComparedRow } from "../../perf/check/check-file.ts";
import type { TruthTable } from "../../perf/check/truth-table.ts";
import { cellReader } from "../../perf/check/truth-table.ts";
import type { Deployment } from "../../perf/deployment.ts";
import { OverheadPerfModel } from "../../perf/overheads/overhead-perf-model.ts";
import { runOverheads } from "../../perf/overheads/run-overheads.ts";
import { resolveAicDeployment } from "../../perf/resolve.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { PublishedDeployment } from "./published-deployment.ts";
import { publishedDeployment } from "./published-deployment.ts";

/** Whether a file holds measured deployments (columns silicon_ttft_ms and silicon_tpot_ms). */
export function holdsDeployments(table: TruthTable): boolean {
  return table.columns.includes("silicon_tpot_ms");
}

/** A row that can be simulated. */
export interface ReadyDeployment {
  /** In the table, from 0. */
  readonly row: number;
  readonly published: PublishedDeployment;
  readonly deployment: Deployment;
  readonly engine: EngineConfig;
  readonly kind: "dense" | "mixture" | "latent";
}

/**
 * Every `every`-th aggregated row, ready to simulate without overheads. A row is left out for what it is, never for its
 * error: disaggregated, over several nodes, pipeline-parallel, without a measured time, or a deployment that cannot be
 * described or does not fit.
 * @throws TruthTableError when a cell is no number
 */
export async function readyDeployments(
  table: TruthTable,
  every: number,
): Promise<{ ready: ReadyDeployment[]; skipped: Map<string, number> }> {
  const cell = cellReader(table);
  const ready: ReadyDeployment[] = [];
  const skipped = new Map<string, number>();
  const skip = (reason: string) => skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  let place = 0;
  for (let row = 0; row < table.rows.length; row++) {
    if (cell.text(row, "mode") !== "agg") {
      skip("disaggregated");
      continue;
    }
    if (place++ % every !== 0) continue;
    const published = publishedDeployment(cell, row);
    if (typeof published === "string") {
      skip(published);
      continue;
    }
    try {
      const problems = new ProblemList();
      const args = validateEngineArgs(published.engineArgs, "row", "aggregated", problems);
      problems.throwIfAny();
      const deployment = await resolveAicDeployment(args!);
      const { engine } = await resolveEngine(args!);
      ready.push({ row, published, deployment, engine, kind: kindOf(deployment) });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      skip("cannot be described or does not fit");
    }
  }
  return { ready, skipped };
}

/**
 * Simulates published deployments in closed loop and compares the means of time to first token and time per output
 * token: phases `ttft <kind>` and `tpot <kind>`, kind `dense`, `mixture` or `latent` (attention).
 * @param overheads whether passes take what servers were found to add, and the first token the way to the scheduler
 */
export async function checkDeployments(
  table: TruthTable,
  every: number,
  overheads: "none" | "measured" = "measured",
): Promise<CheckedFile> {
  const { ready, skipped } = await readyDeployments(table, every);
  const rows: ComparedRow[] = [];
  for (const { row, published, deployment, engine, kind } of ready) {
    const added = runOverheads(deployment, published.runtime);
    const perfModel = overheads === "none" ? engine.perfModel : new OverheadPerfModel(engine.perfModel, added);
    let times;
    try {
      times = runClosedLoop({ ...engine, perfModel }, published);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      skipped.set(error.message, (skipped.get(error.message) ?? 0) + 1);
      continue;
    }
    const frontEnd = added.frontEndMs + added.frontEndPerPromptTokenMs * published.inputLength;
    const { model, system, backend } = published;
    const what = `${table.path}:${row + 2} ${cellReader(table).text(row, "id")}`;
    const add = (phase: string, truth: number, answer: number) =>
      rows.push({
        model,
        system,
        backend,
        what,
        phase: `${phase} ${kind}`,
        truth,
        answer,
        error: Math.abs(answer / truth - 1),
      });
    add("ttft", published.measured.ttftMs, times.ttftMs + (overheads === "none" ? 0 : frontEnd));
    add("tpot", published.measured.tpotMs, times.tpotMs);
  }
  return { rows, skipped };
}

function kindOf({ model }: Deployment): "dense" | "mixture" | "latent" {
  if (model.attention.kind === "latent") return "latent";
  return model.feedForward.kind === "dense" ? "dense" : "mixture";
}
