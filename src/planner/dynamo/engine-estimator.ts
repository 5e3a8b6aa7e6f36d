import type { ForwardPass } from "../../engine/forward-pass.ts";
import type { PublishedPass } from "../planner.ts";
import { clampHitRate, findEngineCapacity } from "./capacity-search.ts";
import type { CapacityQuestion, EngineCapacity, EngineLimits, EngineRole } from "./capacity-search.ts";
import { MovingAverage } from "./moving-average.ts";
import { estimatePassNs, estimatePrefillNs, msFromNs } from "./pass-clock.ts";
import type { PassLoad } from "./pass-kind.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";

/** How the present load of a worker is changed before a time to first token is estimated. */
export interface QueueScenario {
  readonly kvHitRate: number | null;
  /** Multiplies the queued prompt tokens; 0 leaves only the next request. */
  readonly queueScale?: number;
  readonly decodeScale?: number;
  readonly includeQueuedDecode?: boolean;
}

/** How the present load of a worker is changed before an inter-token latency is estimated. */
export interface DecodeScenario {
  readonly decodeScale?: number;
  /** Counts queued prompts as context and requests to come. */
  readonly queuedPrefillAsContext?: boolean;
}

/**
 * What one pool's engines would do: learns from their forward-pass metrics and answers for the next request
 * (planner-reference §4b and §5, planner-findings §5).
 */
export class EngineEstimator {
  readonly role: EngineRole;
  private readonly limits: EngineLimits;
  private readonly model: PassTimeModel;
  /** Prompt tokens a prefill request gets in a pass. */
  private readonly prefillLength: MovingAverage;
  /** Context tokens of a decode request. */
  private readonly decodeLength: MovingAverage;
  /** Prompt tokens a pass carries; for inter-token latencies of aggregated engines. */
  private readonly prefillPerPass: MovingAverage;

  constructor(role: EngineRole, limits: EngineLimits, model: PassTimeModel, window: number) {
    this.role = role;
    this.limits = limits;
    this.model = model;
    this.prefillLength = new MovingAverage(window);
    this.decodeLength = new MovingAverage(window);
    this.prefillPerPass = new MovingAverage(window);
  }

  /**
   * Learns the passes of one observation.
   * @param passes one a worker and rank, in the order the workers were created
   */
  observe(passes: readonly PublishedPass[]): void {
    for (const { pass } of passes) {
      const { numPrefillRequests, sumPrefillTokens, numDecodeRequests, sumDecodeKvTokens } = pass;
      this.prefillLength.add(numPrefillRequests > 0 ? sumPrefillTokens / numPrefillRequests : 0);
      if (numDecodeRequests > 0) this.decodeLength.add(sumDecodeKvTokens / numDecodeRequests);
    }
    for (const { pass, wallSeconds } of inIdentifierOrder(passes)) {
      this.prefillPerPass.add(pass.sumPrefillTokens);
      this.model.learn(scheduledLoad(pass), wallSeconds * 1000);
    }
  }

  /** Learns the times of passes nobody ran: the averages of what requests are like stay as observed. */
  rehearse(passes: readonly PublishedPass[]): void {
    for (const { pass, wallSeconds } of passes) this.model.learn(scheduledLoad(pass), wallSeconds * 1000);
  }

  /** Whether any kind of pass can be estimated; it may still be the wrong kind for a question. */
  isReady(): boolean {
    return this.model.isReady();
  }

  /** Estimated time to first token of the next request, ms; null when the model cannot tell. */
  ttftMs(pass: Readonly<ForwardPass>, scenario: QueueScenario): number | null {
    if (this.role === "decode") return null;
    const { queueScale = 1, decodeScale = 1, includeQueuedDecode = false } = scenario;
    const discount = 1 - clampHitRate(scenario.kvHitRate);
    const nextRequest = this.prefillLength.mean;
    const queuedTokens = Math.ceil((pass.sumQueuedPrefillTokens * queueScale + nextRequest) * discount);
    const decode = { decodeRequests: 0, decodeKvTokens: 0 };
    if (this.role === "aggregated") {
      const requests = pass.numDecodeRequests + (includeQueuedDecode ? pass.numQueuedDecode : 0);
      const context = pass.sumDecodeKvTokens + (includeQueuedDecode ? pass.sumQueuedDecodeKvTokens : 0);
      decode.decodeRequests = Math.ceil(requests * decodeScale);
      decode.decodeKvTokens = Math.ceil(context * decodeScale);
    }
    const ns = estimatePrefillNs(this.model, queuedTokens, this.limits.maxBatchedTokens, decode);
    return ns === null ? null : msFromNs(ns);
  }

  /** Estimated time of a decode pass with the next request in it, ms, before accept lengths; null when unknown. */
  decodePassMs(pass: Readonly<ForwardPass>, scenario: DecodeScenario = {}): number | null {
    if (this.role === "prefill") return null;
    const { decodeScale = 1, queuedPrefillAsContext = false } = scenario;
    let requests = pass.numDecodeRequests + pass.numQueuedDecode;
    let context = pass.sumDecodeKvTokens + pass.sumQueuedDecodeKvTokens;
    if (queuedPrefillAsContext) {
      requests += pass.numQueuedPrefill;
      context += pass.sumQueuedPrefillTokens;
    }
    const nextRequest = this.decodeLength.mean;
    const ns = estimatePassNs(this.model, {
      prefillTokens: this.role === "aggregated" ? Math.ceil(this.prefillPerPass.mean) : 0,
      decodeRequests: Math.ceil(requests * decodeScale + (nextRequest > 0 ? 1 : 0)),
      decodeKvTokens: Math.ceil(context * decodeScale + nextRequest),
    });
    return ns === null ? null : msFromNs(ns);
  }

  /** Requests a second one engine sustains; null when no batch fits or the model cannot tell. */
  capacity(question: CapacityQuestion): EngineCapacity | null {
    return findEngineCapacity(this.role, this.model, this.limits, question);
  }
}

function scheduledLoad(pass: Readonly<ForwardPass>): PassLoad {
  return {
    prefillTokens: pass.sumPrefillTokens,
    decodeRequests: pass.numDecodeRequests,
    decodeKvTokens: pass.sumDecodeKvTokens,
  };
}

/** By worker identifier as text ("10" before "2"), then rank: the order the reference learns in. */
export function inIdentifierOrder(passes: readonly PublishedPass[]): readonly PublishedPass[] {
  const identifier = ({ workerId }: PublishedPass): string => String(workerId);
  return passes.toSorted((a, b) => {
    const left = identifier(a);
    const right = identifier(b);
    if (left !== right) return left < right ? -1 : 1;
    return a.rank - b.rank;
  });
}
