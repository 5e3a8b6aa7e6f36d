import { BatchSums } from "./batch-sums.ts";
import { BlockPhases } from "./block-phases.ts";
import { enlarged, FinishCalendar } from "./finish-calendar.ts";
import type { AggregatedFleetState } from "./fleet-state.ts";
import { KvPool } from "./kv-pool.ts";
import { RunningTable } from "./running-table.ts";

/**
 * The requests a worker runs, over aggregate counts (engine-findings §2): the decodes are a number, the sum of their
 * lengths, a ring of block phases and a calendar of finishes. A request is touched when it is admitted, completes its
 * prompt, finishes or is preempted. At most one prefill is cut: what cuts it has used up the token budget.
 */
export class RunningBatch {
  readonly pool: KvPool;
  readonly table = new RunningTable();
  readonly phases: BlockPhases;
  readonly calendar = new FinishCalendar();
  /** Requests that emit a token in every pass, and their prompt + generated tokens before the next one. */
  decodes = 0;
  sumKnown = 0;
  /** Slot of the request whose prefill is cut, −1 = none. */
  partial = -1;
  /**
   * Slots that run behind the cut prefill, in running order: it takes the budget they would need for a token. Only
   * prompts found whole in the cache get there (TRT-LLM), and those that were handed over.
   */
  readonly behind: number[] = [];
  /** Token budget left in the pass being put together. */
  budget = 0;
  /** Beside the running decodes, what that pass computes. */
  readonly sums = new BatchSums();
  /** Slots whose sequence it completes, in running order. */
  entering = new Int32Array(64);
  enteringCount = 0;
  /** Blocks running requests hold, shared ones for each, and the most they may come to hold (TRT-LLM admission). */
  heldBlocks = 0;
  worstCaseBlocks = 0;
  private admissions = 0;
  private readonly blockSize: number;
  private readonly chargeFirstToken: boolean;

  constructor({ engine, semantics, edges, role }: AggregatedFleetState) {
    this.pool = new KvPool(engine.numGpuBlocks, engine.enablePrefixCaching, edges, semantics.kvEventsAt === "pass-end");
    this.phases = new BlockPhases(engine.blockSize);
    this.blockSize = engine.blockSize;
    this.chargeFirstToken = semantics.chargeFirstTokenInDecode || role === "decode";
  }

  /** Requests that run, without those entering in the pass being put together. */
  get size(): number {
    return this.decodes + (this.partial >= 0 ? 1 : 0) + this.behind.length;
  }

  /** A new block for each of `count` decodes; false when they do not all fit. */
  growDecodes(count: number): boolean {
    if (count > this.pool.available) return false;
    this.pool.allocate(count);
    this.heldBlocks += count;
    return true;
  }

  /** Puts a request at the end of the running order; its chain up to `edge` and `hit` blocks in all are resident. */
  begin(slot: number, edge: number, hit: number): void {
    const { table, blockSize } = this;
    if (edge >= 0) this.pool.pin(edge);
    table.append(slot, this.admissions++);
    table.computed[slot] = hit * blockSize;
    this.heldBlocks += hit;
    this.worstCaseBlocks += Math.ceil((table.promptLength[slot]! + table.outputLimit[slot]!) / blockSize);
    const remaining = table.promptLength[slot]! + table.generated[slot]! - hit * blockSize;
    this.compute(slot, Math.min(remaining, this.budget));
  }

  /** Computes the next `tokens` of a sequence in this pass; their blocks fit. */
  compute(slot: number, tokens: number): void {
    const { table, blockSize, pool, sums } = this;
    const before = table.computed[slot]!;
    const after = before + tokens;
    const blocks = Math.ceil(after / blockSize) - Math.ceil(before / blockSize);
    if (blocks > 0) {
      pool.allocate(blocks);
      this.heldBlocks += blocks;
    }
    if (table.lastEdge[slot]! >= 0) {
      const full = Math.floor(after / blockSize);
      const from = Math.floor(before / blockSize);
      table.copies[slot] = pool.register(table.lastEdge[slot]!, from, full, table.copies[slot]!);
    }
    table.computed[slot] = after;
    this.budget -= tokens;
    const promptLength = table.promptLength[slot]!;
    const generated = table.generated[slot]!;
    const known = promptLength + generated;
    const fromPrompt = sums.count(promptLength, known, before, after, table.outputLimit[slot]!);
    if (after < known) {
      this.partial = slot;
      return;
    }
    if (this.enteringCount === this.entering.length) this.entering = enlarged(this.entering, this.enteringCount * 2);
    this.entering[this.enteringCount++] = slot;
    if (table.outputLimit[slot] === 0) {
      sums.withoutOutput++;
      return;
    }
    sums.emittingRequests++;
    if (this.chargeFirstToken || generated > 0 || !fromPrompt) {
      sums.chargedRequests++;
      sums.chargedTokens += known;
    }
  }

  /** Puts a request whose prompt was handed over, blocks and all, at the end of the running order. */
  beginHandedOver(slot: number): void {
    const { table, blockSize } = this;
    const promptLength = table.promptLength[slot]!;
    table.append(slot, this.admissions++);
    table.computed[slot] = promptLength;
    this.heldBlocks += Math.ceil(promptLength / blockSize);
    this.worstCaseBlocks += Math.ceil((promptLength + table.outputLimit[slot]!) / blockSize);
    this.compute(slot, 0);
  }

  /** A request has emitted its first token; whether it stays behind a cut prefill for now. */
  staysBehind(slot: number): boolean {
    const { partial, table } = this;
    if (partial < 0 || table.order[partial]! > table.order[slot]!) return false;
    table.generated[slot]!++;
    this.behind.push(slot);
    return true;
  }

  /** A request whose sequence pass number `pass` has completed emits a token and becomes a running decode. */
  startDecoding(slot: number, pass: number): void {
    const { table, blockSize } = this;
    const generated = ++table.generated[slot]!;
    const known = table.promptLength[slot]! + generated;
    const nextPass = pass + 1;
    // The token at place `known` − 1 (from 0) is computed next; a block starts where that is a multiple of its size.
    const toNextBlock = (blockSize - ((known - 1) % blockSize)) % blockSize;
    const phase = (nextPass + toNextBlock) % blockSize;
    table.knownOffset[slot] = known - nextPass;
    table.phase[slot] = phase;
    table.decoding[slot] = 1;
    this.phases.add(phase);
    this.calendar.add(slot, pass + table.outputLimit[slot]! - generated, table.order[slot]!);
    this.decodes++;
    this.sumKnown += known;
  }

  /** Takes a running decode out of the counts; `pass` is the next one to run. */
  stopDecoding(slot: number, pass: number): void {
    const { table } = this;
    const known = pass + table.knownOffset[slot]!;
    table.generated[slot] = known - table.promptLength[slot]!;
    table.decoding[slot] = 0;
    this.phases.remove(table.phase[slot]!);
    this.calendar.remove(slot);
    this.decodes--;
    this.sumKnown -= known;
  }

  /**
   * Takes a request out of the running order and releases its blocks, `computed` tokens' worth.
   * @param mayReturn it is preempted and may ask for its own blocks again
   */
  remove(slot: number, computed: number, mayReturn: boolean): void {
    this.retire(slot, computed);
    this.release(slot, computed, mayReturn);
  }

  /** Takes a request out of the running order; its blocks, `computed` tokens' worth, stay referenced. */
  retire(slot: number, computed: number): void {
    const { table, blockSize } = this;
    this.heldBlocks -= Math.ceil(computed / blockSize);
    this.worstCaseBlocks -= Math.ceil((table.promptLength[slot]! + table.outputLimit[slot]!) / blockSize);
    table.unlink(slot);
  }

  /** Lets go of the blocks of a request that no longer runs. */
  release(slot: number, computed: number, mayReturn: boolean): void {
    const { table, blockSize } = this;
    const held = Math.ceil(computed / blockSize);
    const full = Math.floor(computed / blockSize);
    this.pool.release(table.lastEdge[slot]!, full, held, table.copies[slot]!, mayReturn ? slot : -1);
    table.copies[slot] = -1;
  }
}
