import { gpuOf } from "../gpu.ts";
import { backendOf } from "../backend.ts";
import type { Deployment } from "../deployment.ts";
import { kvCapacity } from "../kv-capacity.ts";
import { loadModel } from "../load-model.ts";
import type { MixedStep } from "../mixed-step.ts";
import { mixedStepMs } from "../mixed-step.ts";
import type { StepModel } from "../step-model.ts";
import type { CellReader, TruthTable } from "./truth-table.ts";
import { cellReader, TruthTableError } from "./truth-table.ts";

/** One row of a truth file beside the model's answer. */
export interface ComparedRow {
  /** prefill, decode, mixed or kv. */
  readonly phase: string;
  readonly model: string;
  readonly system: string;
  readonly backend: string;
  /** The row as the file has it, for people. */
  readonly what: string;
  readonly truth: number;
  readonly answer: number;
  /** |answer / truth − 1|. */
  readonly error: number;
}

/** Errors of a group of rows. */
export interface ErrorSummary {
  readonly n: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  /** Median of the signed error: above 0 = the model is slow. */
  readonly bias: number;
}

/** Makes the step model that is to be judged for a deployment; null = it cannot price it (the row is left out). */
export type StepModelFactory = (deployment: Deployment, version: string) => Promise<StepModel | null>;

/** What came of comparing a file. */
export interface CheckedFile {
  readonly rows: readonly ComparedRow[];
  /** Rows the model could not price, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
}

/**
 * Compares a model with a truth file. Three kinds are known by their columns: pass times (latency_ms), mixed passes
 * (total_ms) and key-value capacities (kv_tokens).
 * @throws TruthTableError when a needed column is missing or a cell is no number
 */
export async function checkFile(table: TruthTable, stepModel: StepModelFactory): Promise<CheckedFile> {
  const kind = ["latency_ms", "total_ms", "kv_tokens"].find((column) => table.columns.includes(column));
  if (kind === undefined) {
    throw new TruthTableError(
      `${table.path}: no column latency_ms (pass times), total_ms (mixed passes) or kv_tokens (capacities)`,
    );
  }
  const reader = new RowReader(table);
  const rows: ComparedRow[] = [];
  const skipped = new Map<string, number>();
  const skip = (reason: string) => skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const models = new Map<string, StepModel | string>();
  for (let index = 0; index < table.rows.length; index++) {
    const deployment = await reader.deployment(index);
    if (typeof deployment === "string") {
      skip(deployment);
      continue;
    }
    if (kind === "kv_tokens") {
      const fraction = reader.number(index, "memory_fraction");
      const capacity = kvCapacity(deployment, reader.optional(index, "max_num_tokens") ?? 8192, fraction);
      rows.push(reader.compared(index, "kv", reader.number(index, "kv_tokens"), capacity.tokens));
      continue;
    }
    const key = reader.deploymentKey(index);
    let step = models.get(key);
    if (step === undefined) {
      step = (await stepModel(deployment, reader.text(index, "version"))) ?? "the model has no data for it";
      models.set(key, step);
    }
    if (typeof step === "string") skip(step);
    else if (kind === "total_ms") {
      rows.push(
        reader.compared(index, "mixed", reader.positive(index, "total_ms"), mixedStepMs(step, reader.mixed(index))),
      );
    } else rows.push(reader.pass(index, step));
  }
  return { rows, skipped };
}

/** Median and upper quantiles of the errors of some rows (nearest rank). */
export function summarize(rows: readonly Pick<ComparedRow, "truth" | "answer" | "error">[]): ErrorSummary {
  const errors = rows.map(({ error }) => error).toSorted((a, b) => a - b);
  const signed = rows.map(({ answer, truth }) => answer / truth - 1).toSorted((a, b) => a - b);
  const at = (values: readonly number[], share: number) =>
    values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
  return {
    n: rows.length,
    median: at(errors, 0.5),
    p90: at(errors, 0.9),
    p99: at(errors, 0.99),
    bias: at(signed, 0.5),
  };
}

/** Reads cells of a truth table. */
class RowReader {
  private readonly table: TruthTable;
  private readonly cell: CellReader;
  private readonly deployments = new Map<string, Deployment | string>();

  constructor(table: TruthTable) {
    this.table = table;
    this.cell = cellReader(table);
  }

  text(row: number, column: string): string {
    return this.cell.text(row, column);
  }

  optional(row: number, column: string): number | null {
    return this.cell.optional(row, column);
  }

  number(row: number, column: string): number {
    return this.cell.number(row, column);
  }

  positive(row: number, column: string): number {
    return this.cell.positive(row, column);
  }

  deploymentKey(row: number): string {
    return ["model", "system", "backend", "version", "tp", "dp", "moe_tp", "moe_ep", "nextn"]
      .map((column) => this.text(row, column))
      .join("|");
  }

  async deployment(row: number): Promise<Deployment | string> {
    const key = this.deploymentKey(row);
    let found = this.deployments.get(key);
    if (found === undefined) {
      found = await this.makeDeployment(row);
      this.deployments.set(key, found);
    }
    return found;
  }

  mixed(row: number): MixedStep {
    return {
      contextTokens: this.number(row, "ctx_tokens"),
      decodeRequests: this.number(row, "gen_tokens"),
      inputLength: this.number(row, "isl"),
      outputLength: this.number(row, "osl"),
      prefix: this.optional(row, "prefix") ?? 0,
    };
  }

  pass(row: number, step: StepModel): ComparedRow {
    const batch = this.cell.whole(row, "batch", 1);
    const truth = this.cell.positive(row, "latency_ms");
    const phase = this.text(row, "phase");
    if (phase === "decode") return this.compared(row, phase, truth, step.decodeMs(batch, this.number(row, "context")));
    if (phase !== "prefill") {
      throw new TruthTableError(
        `${this.table.path}:${row + 2}: phase: found "${phase}", expected "prefill" or "decode"`,
      );
    }
    const prefix = this.optional(row, "prefix") ?? 0;
    return this.compared(row, phase, truth, step.prefillMs(batch, this.number(row, "isl") - prefix, prefix));
  }

  compared(row: number, phase: string, truth: number, answer: number): ComparedRow {
    return {
      phase,
      model: this.text(row, "model"),
      system: this.text(row, "system"),
      backend: this.text(row, "backend"),
      what: this.table.rows[row]!.join(","),
      truth,
      answer,
      error: answer === truth ? 0 : Math.abs(answer / truth - 1),
    };
  }

  private async makeDeployment(row: number): Promise<Deployment | string> {
    const gpu = gpuOf(this.text(row, "system"));
    const backend = backendOf(this.text(row, "backend"));
    if (gpu === null) return `unknown system "${this.text(row, "system")}"`;
    if (backend === null) return `unknown backend "${this.text(row, "backend")}"`;
    let model;
    try {
      model = await loadModel(this.text(row, "model"));
    } catch (error) {
      return (error as Error).message;
    }
    const tensorParallelSize = this.optional(row, "tp") ?? 1;
    return {
      gpu,
      backend,
      model,
      tensorParallelSize,
      attentionDataParallelSize: this.optional(row, "dp") ?? 1,
      expertTensorParallelSize:
        this.optional(row, "moe_tp") ?? (model.feedForward.kind === "experts" ? tensorParallelSize : 1),
      expertParallelSize: this.optional(row, "moe_ep") ?? 1,
      draftTokens: this.optional(row, "nextn") ?? 0,
    };
  }
}
