import type { ReplayOptions } from "../config/replay-options.ts";
import type { LocalPool } from "../sweep/local-pool.ts";
import type { ResultsFile } from "../sweep/results-file.ts";
import { shareTrace, traceDigest } from "../sweep/shared-trace.ts";
import type { SweepPoint } from "../sweep/sweep-plan.ts";
import type { SweepRow } from "../sweep/sweep-row.ts";
import { runKey } from "../sweep/sweep-task.ts";
import type { Trace } from "../trace/trace.ts";
import type { PartFigures, RankedSetting, Recommendation, RecommendRequest } from "./recommendation.ts";
import { candidateKey, candidateOptions } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import type { Outcome } from "./search.ts";

/** A part of the trace in shared memory. */
export interface Part {
  readonly trace: Trace;
  readonly digest: string;
  /** Times the base's own speed that requests arrive at. */
  readonly speedup: number;
}

/** Puts a part of the trace where threads can read it. */
export function partOf(trace: Trace, speedup = 1): Part {
  return { trace: shareTrace(trace), digest: traceDigest(trace), speedup };
}

/** What a caller may follow or stop. */
export interface RecommendHooks {
  readonly onRun?: (row: SweepRow, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Thrown inside a search that is being stopped. */
export class Stopped extends Error {}

/** Does runs that have not been done, and remembers those that have. */
export class Runner {
  private readonly pool: LocalPool;
  private readonly results: ResultsFile;
  private readonly request: RecommendRequest;
  private readonly hooks: RecommendHooks;
  private readonly known: Map<string, SweepRow>;
  /** Runs with a row of any kind. */
  private readonly recorded: Set<string>;
  /** Fails as soon as the search is to stop. */
  private readonly stop: Promise<never>;
  /** Runs of this search, whether done now or found in the folder. */
  private readonly counted = new Set<string>();
  private failed = 0;
  private firstFailure: string | null = null;

  constructor(pool: LocalPool, results: ResultsFile, request: RecommendRequest, hooks: RecommendHooks) {
    this.pool = pool;
    this.results = results;
    this.request = request;
    this.hooks = hooks;
    // What failed is tried again.
    this.known = new Map(results.rows.filter(({ error }) => error === null).map((row) => [row.run, row]));
    this.recorded = new Set(results.rows.map(({ run }) => run));
    this.stop = new Promise((_, reject) => {
      hooks.signal?.addEventListener("abort", () => reject(new Stopped()), { once: true });
    });
    this.stop.catch(() => {});
  }

  private get stopped(): boolean {
    return this.hooks.signal?.aborted ?? false;
  }

  get counts(): Pick<Recommendation, "runs" | "failed" | "firstFailure"> {
    return { runs: this.counted.size, failed: this.failed, firstFailure: this.firstFailure };
  }

  /** Figures of candidates on a part of the trace, in their order. */
  async figures(candidates: readonly Candidate[], part: Part): Promise<(PartFigures | null)[]> {
    const { base, parallel } = this.request;
    const figures: (PartFigures | null)[] = candidates.map(() => null);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < candidates.length) {
        const place = next++;
        const candidate = candidates[place]!;
        figures[place] = await this.run(candidateOptions(base, candidate), part, candidateKey(candidate));
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallel, candidates.length) }, work));
    return figures;
  }

  /** The setting as given, on all parts. */
  async givenSetting(
    options: ReplayOptions,
    parts: {
      readonly tune: Part;
      readonly ranges: readonly Part[];
      readonly grown: Part | null;
      readonly heldOut: Part;
    },
  ): Promise<RankedSetting> {
    const inTuning = [parts.tune, ...parts.ranges];
    const tuned: (PartFigures | null)[] = [];
    for (const part of inTuning) tuned.push(await this.run(options, part, "as given"));
    const planner = (options.plannerConfig ?? {}) as { policy?: string };
    const autoscaled = options.plannerConfig !== undefined || options.policy !== undefined;
    const disaggregated = options.prefillEngineArgs !== undefined || options.decodeEngineArgs !== undefined;
    const engine = (options.extraEngineArgs ?? options.decodeEngineArgs ?? {}) as { aic_tp_size?: number };
    return {
      name: "as given",
      policy: autoscaled ? (options.policy ?? planner.policy ?? "dynamo") : "static",
      topology: disaggregated ? "disagg" : "agg",
      tensorParallel: engine.aic_tp_size ?? 1,
      settings: {},
      options,
      tuned: tuned[0]!,
      worst: worstOutcome(tuned),
      grown: parts.grown === null ? null : await this.run(options, parts.grown, "as given"),
      heldOut: await this.run(options, parts.heldOut, "as given"),
    };
  }

  private async run(given: ReplayOptions, part: Part, setting: string): Promise<PartFigures | null> {
    if (this.stopped) throw new Stopped();
    const faster = { arrivalSpeedupRatio: (given.arrivalSpeedupRatio ?? 1) * part.speedup };
    const options = part.speedup === 1 ? given : { ...given, ...faster };
    const run = runKey(options, part.digest);
    let row = this.known.get(run);
    if (row === undefined) {
      const point: SweepPoint = { index: this.recorded.size, values: { setting }, repeat: 0 };
      // Requests that were made up have no trace to name.
      const named = options.trace === undefined ? options : { ...options, trace: part.trace.name };
      const task = { run, point, options: named };
      // Threads that are being ended fail their runs; that says nothing about the runs.
      row = await Promise.race([this.pool.run(task, part, null), this.stop]);
      if (!this.recorded.has(run) || (row.error === null && !this.known.has(run))) this.results.append(row);
      this.recorded.add(run);
      this.known.set(run, row);
    }
    if (!this.counted.has(run)) {
      this.counted.add(run);
      if (row.error !== null) {
        this.failed++;
        this.firstFailure ??= row.error;
      }
      this.hooks.onRun?.(row, this.counted.size, this.request.runs);
    }
    return figuresOf(row);
  }
}

function figuresOf({ figures }: SweepRow): PartFigures | null {
  if (figures?.sla_attainment == null || figures.gpu_hours == null) return null;
  return {
    attainment: figures.sla_attainment,
    gpuHours: figures.gpu_hours,
    meanGpus:
      figures.duration_ms === null || figures.duration_ms === 0
        ? null
        : (figures.gpu_hours * 3.6e6) / figures.duration_ms,
    events: (figures.scale_ups ?? 0) + (figures.scale_downs ?? 0),
    meanTtftMs: figures.mean_ttft_ms,
    p90TtftMs: figures.p90_ttft_ms,
    p99ItlMs: figures.p99_itl_ms,
  };
}

/** Figures of several parts as one: the least attainment, GPU-hours summed; null when one failed. */
export function worstOutcome(figures: readonly (PartFigures | null)[]): Outcome | null {
  const known = figures.filter((one) => one !== null);
  if (known.length < figures.length) return null;
  return {
    attainment: Math.min(...known.map(({ attainment }) => attainment)),
    gpuHours: known.reduce((sum, { gpuHours }) => sum + gpuHours, 0),
  };
}
