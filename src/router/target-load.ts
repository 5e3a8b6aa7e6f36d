import { ActiveBlocks } from "./active-blocks.ts";
import { PrefillBacklog } from "./prefill-backlog.ts";
import type { PrefixPath, SharedPrefixes } from "./shared-prefixes.ts";

/** When a routed request stops being a load, ns; NaN = not known yet, which is later than any time asked about. */
export interface LoadTimes {
  /** Its prompt is computed: it holds no prefill any more. */
  prefillDoneNs(request: number): number;
  /** It has left the target. */
  leftNs(request: number): number;
}

/** What the router has sent to one target and not seen finished. */
export class TargetLoad {
  readonly id: number;
  readonly prefill: PrefillBacklog;
  activeRequests = 0;
  /** Requests whose end of prefill is not known yet, in the order they were sent. */
  readonly prefilling: number[] = [];
  /** Passes its worker had started when `prefilling` was last looked through. */
  passesSeen = -1;
  private readonly blocks: ActiveBlocks | null;
  private repeatedBlocks = 0;

  /** @param prefixes null = every prompt's blocks count by themselves, equal to others or not */
  constructor(id: number, prefixes: SharedPrefixes | null, prefill: PrefillBacklog) {
    this.id = id;
    this.prefill = prefill;
    this.blocks = prefixes === null ? null : new ActiveBlocks(prefixes);
  }

  /** Full prompt blocks active there. */
  get activeBlocks(): number {
    return this.blocks === null ? this.repeatedBlocks : this.blocks.distinct;
  }

  /** Full prompt blocks active there if a request of `fullBlocks` joined. */
  blocksWith(path: PrefixPath, fullBlocks: number): number {
    if (this.blocks === null) return this.repeatedBlocks + fullBlocks;
    return this.blocks.distinct + fullBlocks - this.blocks.leading(path);
  }

  add(path: PrefixPath, fullBlocks: number): void {
    this.activeRequests++;
    if (this.blocks === null) this.repeatedBlocks += fullBlocks;
    else this.blocks.add(path, fullBlocks);
  }

  remove(path: PrefixPath, fullBlocks: number): void {
    this.activeRequests--;
    if (this.blocks === null) this.repeatedBlocks -= fullBlocks;
    else this.blocks.remove(path, fullBlocks);
  }
}
