import type { GapRecorder } from "../../metrics/gap-recorder.ts";
import type { EngineConfig } from "../engine-config.ts";
import { PassPrice } from "../pass-price.ts";
import type { Semantics } from "../semantics.ts";
import { TimeTable } from "./time-table.ts";

/** Contexts a table of the (requests, mean context) memo covers. */
const contextsPerTable = 256;
/** Pools of more tokens get no table by sequence lengths: it would take 12 bytes a token. */
const mostTableTokens = 1 << 23;

/**
 * Decode times of a pass in integer nanoseconds, for all workers of a run, and how many tokens waited for each of
 * them in passes that only decoded. Kept in tables by what the time depends on: referenced blocks, the sum of the
 * sequence lengths, or requests and mean context; computed anew where it depends on more.
 */
export class DecodeTimes {
  /** Whether the time depends on referenced blocks only, hence stays the same until a block is allocated or released. */
  readonly byBlocksOnly: boolean;
  private readonly price: PassPrice;
  private readonly blockSize: number;
  private readonly poolTokens: number;
  private readonly bySequenceLengths: boolean;
  private readonly byContext: boolean;
  /** By referenced blocks, or by the sum of the sequence lengths up to the pool's tokens; null = neither decides. */
  private readonly table: TimeTable | null;
  /** By requests, then by groups of mean contexts. */
  private readonly contextTables: (TimeTable | undefined)[][] = [];
  private readonly gaps: GapRecorder;

  constructor(engine: EngineConfig, semantics: Semantics, gaps: GapRecorder) {
    this.price = new PassPrice(engine);
    this.blockSize = engine.blockSize;
    this.poolTokens = engine.numGpuBlocks * engine.blockSize;
    this.gaps = gaps;
    this.bySequenceLengths = semantics.decodeActiveTokens === "sequence-lengths";
    const { decodeDependsOn } = engine.perfModel;
    const byOccupancy = decodeDependsOn === "occupancy";
    this.byBlocksOnly = byOccupancy && !this.bySequenceLengths;
    this.byContext = decodeDependsOn === "batch-and-context";
    if (this.byBlocksOnly) this.table = new TimeTable(engine.numGpuBlocks + 1);
    else if (byOccupancy && this.poolTokens <= mostTableTokens) this.table = new TimeTable(this.poolTokens + 1);
    else this.table = null;
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
    let table = this.table;
    let place = 0;
    if (table !== null) {
      place = this.byBlocksOnly ? activeBlocks : sumKnown < this.poolTokens ? sumKnown : this.poolTokens;
    } else if (this.byContext) {
      const context = Math.floor(sumKnown / requests);
      table = this.contextTable(requests, Math.floor(context / contextsPerTable));
      place = context % contextsPerTable;
    } else {
      const time = this.compute(requests, sumKnown, activeBlocks);
      if (tokens > 0) this.gaps.add(time, tokens);
      return time;
    }
    let time = table.times[place]!;
    if (time === 0) {
      time = this.compute(requests, sumKnown, activeBlocks);
      if (!table.keep(place, time)) {
        if (tokens > 0) this.gaps.add(time, tokens);
        return time;
      }
    }
    // Passes of other kinds do not count; most of those look at places no row of decodes has touched.
    if (tokens > 0) table.tokens[place]! += tokens;
    return time;
  }

  private contextTable(requests: number, group: number): TimeTable {
    const tables = (this.contextTables[requests] ??= []);
    return (tables[group] ??= new TimeTable(contextsPerTable));
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
