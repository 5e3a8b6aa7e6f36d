import type { GapRecorder } from "../../metrics/gap-recorder.ts";
import type { EngineConfig } from "../engine-config.ts";
import { contextsPerGroup, contextTimesOf, type ContextTimes } from "./context-times.ts";
import { PassPrice } from "../pass-price.ts";
import type { Semantics } from "../semantics.ts";
import { TimeTable } from "./time-table.ts";

/** Pools of more tokens get no table by sequence lengths: it would take 12 bytes a token. */
const mostTableTokens = 1 << 23;

/**
 * Decode times of a pass in integer nanoseconds, for all workers of a run, and how many tokens waited for each of
 * them in passes that only decoded. Kept in a table by what the time depends on: referenced blocks, the sum of the
 * sequence lengths, or requests and mean context; computed anew where it depends on more.
 */
export class DecodeTimes {
  /** Whether the time depends on referenced blocks only, hence stays the same until a block is allocated or released. */
  readonly byBlocksOnly: boolean;
  private readonly price: PassPrice;
  private readonly blockSize: number;
  private readonly poolTokens: number;
  private readonly bySequenceLengths: boolean;
  /** By referenced blocks, or by the sum of the sequence lengths up to the pool's tokens; null = neither decides. */
  private readonly table: TimeTable | null;
  /** Times by requests and mean contexts, of this run and others; null = these do not decide. */
  private readonly contextTimes: ContextTimes | null;
  /** By requests, then by groups of mean contexts. */
  private readonly contextTables: (TimeTable | undefined)[][] = [];
  private readonly gaps: GapRecorder;
  /** Where `find` has found a pass in its table. */
  place = 0;
  /** How far from there the next pass is, if it is of the same row of passes that only decode. */
  step = 0;
  /** How many passes of such a row are `step` places apart in that table, this one included. */
  stretch = 0;

  constructor(engine: EngineConfig, semantics: Semantics, gaps: GapRecorder) {
    this.price = new PassPrice(engine);
    this.blockSize = engine.blockSize;
    this.poolTokens = engine.numGpuBlocks * engine.blockSize;
    this.gaps = gaps;
    this.bySequenceLengths = semantics.decodeActiveTokens === "sequence-lengths";
    const { perfModel, numGpuBlocks } = engine;
    const byOccupancy = perfModel.decodeDependsOn === "occupancy";
    const byContext = perfModel.decodeDependsOn === "batch-and-context";
    this.byBlocksOnly = byOccupancy && !this.bySequenceLengths;
    this.contextTimes = byContext ? contextTimesOf(perfModel, this.price.decodeSpeedup) : null;
    const places = this.byBlocksOnly ? numGpuBlocks + 1 : this.poolTokens + 1;
    const hasTable = this.byBlocksOnly || (byOccupancy && this.poolTokens <= mostTableTokens);
    this.table = hasTable ? new TimeTable(new Uint32Array(places), true) : null;
    gaps.addSource((recorder) => this.drain(recorder));
  }

  /**
   * Decode time of a pass.
   * @param requests charged requests, ≥ 1
   * @param sumKnown their prompt + generated tokens before this pass's token
   * @param activeBlocks referenced blocks of the pool
   */
  nanoseconds(requests: number, sumKnown: number, activeBlocks: number): number {
    return this.counted(requests, sumKnown, activeBlocks, 0);
  }

  /** The same; `tokens` tokens have waited just so long since the token before them. */
  counted(requests: number, sumKnown: number, activeBlocks: number, tokens: number): number {
    const table = this.find(requests, sumKnown, activeBlocks);
    const { place } = this;
    let time = table === null ? 0 : table.times[place]!;
    if (time === 0) {
      time = this.compute(requests, sumKnown, activeBlocks);
      if (table === null || !table.keep(place, time)) {
        if (tokens > 0) this.gaps.add(time, tokens);
        return time;
      }
    }
    // Passes of other kinds do not count; most of those look at places no row of decodes has touched.
    if (tokens > 0) table!.tokens[place]! += tokens;
    return time;
  }

  /** The table in which the time of a pass is kept once it is known, and its `place`; null when there is none. */
  find(requests: number, sumKnown: number, activeBlocks: number): TimeTable | null {
    if (this.contextTimes !== null) {
      const context = Math.floor(sumKnown / requests);
      this.place = context % contextsPerGroup;
      this.step = 1;
      this.stretch = contextsPerGroup - this.place;
      return this.contextTable(requests, Math.floor(context / contextsPerGroup));
    }
    if (this.byBlocksOnly) {
      this.place = activeBlocks;
      this.step = 0;
      this.stretch = 1;
    } else {
      this.place = Math.min(sumKnown, this.poolTokens);
      this.step = requests;
      this.stretch = Math.floor((this.poolTokens - this.place) / requests) + 1;
    }
    return this.table;
  }

  private contextTable(requests: number, group: number): TimeTable {
    const tables = (this.contextTables[requests] ??= []);
    return (tables[group] ??= new TimeTable(this.contextTimes!.group(requests, group), false));
  }

  private compute(requests: number, sumKnown: number, activeBlocks: number): number {
    const activeTokens = this.bySequenceLengths ? sumKnown : activeBlocks * this.blockSize;
    return this.price.decodeNs(requests, sumKnown, activeTokens);
  }

  /** Hands the counted waiting times over. */
  private drain(recorder: GapRecorder): void {
    this.table?.drain(recorder);
    for (const tables of this.contextTables) {
      if (tables === undefined) continue;
      for (const table of tables) table?.drain(recorder);
    }
  }
}
