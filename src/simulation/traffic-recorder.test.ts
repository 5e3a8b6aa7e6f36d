import { beforeEach, describe, expect, it } from "vitest";
import type { Worker } from "../engine/worker.ts";
import { GapRecorder } from "../metrics/gap-recorder.ts";
import { RequestLedger, RequestStatus } from "../metrics/request-ledger.ts";
import { TrafficRecorder } from "./traffic-recorder.ts";

const second = 1e9;

describe("what a planner is told of the traffic", () => {
  let ledger: RequestLedger;
  let recorder: TrafficRecorder;

  beforeEach(() => {
    ledger = new RequestLedger(6, new GapRecorder());
    recorder = new TrafficRecorder(ledger, Int32Array.of(100, 300, 700, 50, 60, 70), true);
  });

  /** Lets a request run; s. */
  function serve(request: number, arrival: number, first: number, last: number, tokens: number): void {
    ledger.arrivalNs[request] = arrival * second;
    ledger.firstTokenNs[request] = first * second;
    ledger.lastTokenNs[request] = last * second;
    ledger.terminalNs[request] = last * second;
    ledger.outputTokens[request] = tokens;
    ledger.status[request] = RequestStatus.completed;
    recorder.onOffered(request);
    recorder.onLeft([request]);
  }

  it("counts requests as they are offered, their shapes and latencies as they complete", () => {
    serve(0, 1, 2, 6, 5);
    serve(1, 1, 1.5, 1.5, 1);
    const window = recorder.close(10 * second);
    expect(window).toMatchObject({
      durationSeconds: 10,
      offeredRequests: 2,
      completedRequests: 2,
      meanInputTokens: 200,
      meanOutputTokens: 3,
      meanTtftMs: 750,
      ttftCount: 2,
      // A single token has no gap.
      meanItlMs: 1000,
      itlCount: 1,
    });
    expect(recorder.close(30 * second)).toMatchObject({
      durationSeconds: 20,
      offeredRequests: 0,
      completedRequests: 0,
      meanInputTokens: null,
      meanTtftMs: null,
      meanItlMs: null,
      meanKvHitRate: null,
    });
  });

  it("knows nothing of what ends after a tick until then, nor of what was refused or taken out", () => {
    serve(0, 1, 9, 12, 4);
    serve(2, 2, 3, 4, 2);
    ledger.status[2] = RequestStatus.rejected;
    serve(3, 2, 3, 4, 2);
    recorder.onTakenOut(3);
    recorder.onTakenOut(5);
    expect(recorder.close(10 * second)).toMatchObject({ offeredRequests: 3, completedRequests: 0 });
    expect(recorder.close(12 * second)).toMatchObject({ offeredRequests: 0, completedRequests: 1, meanItlMs: 1000 });
    expect(recorder.startNs).toBe(12 * second);
  });

  it("tells requests one by one of the window closed last", () => {
    serve(0, 1, 2, 6, 5);
    serve(1, 1, 1.5, 1.5, 1);
    ledger.firstReusedTokens[0] = 64;
    recorder.close(5 * second);
    expect(recorder.takeRequests()).toEqual({
      arrived: [
        { id: 0, arrivalSeconds: 1, inputTokens: 100 },
        { id: 1, arrivalSeconds: 1, inputTokens: 300 },
      ],
      completed: [{ id: 1, outputTokens: 1, cachedTokens: 0, ttftMs: 500, itlMs: null }],
    });
    recorder.close(10 * second);
    expect(recorder.takeRequests()).toEqual({
      arrived: [],
      completed: [{ id: 0, outputTokens: 5, cachedTokens: 64, ttftMs: 1000, itlMs: 1000 }],
    });
  });

  it("has the mean share of blocks found where requests were routed, each as much", () => {
    recorder.onRouted(1, 2);
    recorder.onRouted(0, 10);
    recorder.onRouted(5, 0);
    expect(recorder.close(second)).toMatchObject({ meanKvHitRate: 0.25, kvHitRateCount: 2 });
  });

  it("has what a forward pass emitted of a request since the window before", () => {
    let forwards = { emittedTokens: 30, emittingRequests: 10 };
    const worker = { forwardsEndedBy: () => forwards } as unknown as Worker;
    recorder.onForwards(worker, second);
    recorder.onForwards({} as Worker, second);
    expect(recorder.close(second)).toMatchObject({ meanAcceptLength: 3, acceptLengthForwards: 10 });
    forwards = { emittedTokens: 40, emittingRequests: 15 };
    recorder.onForwards(worker, 2 * second);
    expect(recorder.close(2 * second)).toMatchObject({ meanAcceptLength: 2, acceptLengthForwards: 5 });
    expect(recorder.close(3 * second)).toMatchObject({ meanAcceptLength: null, acceptLengthForwards: 0 });
  });
});
