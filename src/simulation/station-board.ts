import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { PooledWorker } from "../fleet/worker-pool.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { FinishedQueue } from "./finished-queue.ts";
import { newStation, type Station } from "./station.ts";
import type { TrafficRecorder } from "./traffic-recorder.ts";

/** The stations of a disaggregated run: which passes somebody waits for, and who has left the workers. */
export class StationBoard {
  private readonly stations = new Map<PooledWorker<PrefillWorker | DecodeWorker>, Station>();
  private readonly ledger: RequestLedger;
  private readonly traffic: TrafficRecorder | null;
  /** Told who has left a worker, where the workload depends on it; else null. */
  private readonly finished: FinishedQueue | null;
  /** Told of everybody who has left a worker. */
  onLeft: ((requests: readonly number[]) => void) | null = null;
  /** Told of whom prefill workers refused, where taking them back takes steps of its own; else null. */
  onRefused: ((requests: readonly number[]) => void) | null = null;
  /** Requests told to have left though a worker still has them: should they end after all, nobody is told twice. */
  readonly givenUp = new Set<number>();

  constructor(ledger: RequestLedger, traffic: TrafficRecorder | null, finished: FinishedQueue | null) {
    this.ledger = ledger;
    this.traffic = traffic;
    this.finished = finished;
  }

  /** End of the first pass somebody waits for. */
  get nextEndNs(): number {
    let next = Infinity;
    for (const station of this.stations.values()) if (station.endNs < next) next = station.endNs;
    return next;
  }

  /** Stations whose watched pass has ended by `nowNs`, in the order they were created. */
  endedBy(nowNs: number): Station[] {
    const due: Station[] = [];
    for (const station of this.stations.values()) if (station.endNs <= nowNs) due.push(station);
    return due;
  }

  /** Drops what the stations keep of a request. */
  forgetRequest(request: number): void {
    for (const station of this.stations.values()) {
      const { deferred, heldLater } = station;
      if (deferred.some((action) => action.request === request)) {
        station.deferred = deferred.filter((action) => action.request !== request);
      }
      if (heldLater.includes(request)) station.heldLater = heldLater.filter((other) => other !== request);
    }
  }

  forgetGone(): void {
    for (const member of this.stations.keys()) if (member.state === "gone") this.stations.delete(member);
  }

  /** The station of a worker, made when it is asked for first. */
  of(role: "prefill" | "decode", member: PooledWorker<PrefillWorker | DecodeWorker>): Station {
    let station = this.stations.get(member);
    if (station === undefined) {
      station = newStation(role, member);
      this.stations.set(member, station);
    }
    return station;
  }

  /** Brings a worker that ran on its own up to now. */
  touch(station: Station, nowNs: number): void {
    const { worker } = station.member;
    if (station.endNs !== Infinity || worker.nextStartNs >= nowNs) return;
    worker.advance(nowNs, false);
    this.collect(station.role, worker);
  }

  /** Whether the ends of a decode worker's passes are events. */
  isWatched(station: Station): boolean {
    return (
      this.finished !== null ||
      station.deferred.length > 0 ||
      (station as Station<DecodeWorker>).member.worker.pendingDestinations > 0
    );
  }

  /** Makes the end of the pass under way an event, if somebody waits for it. */
  watch(station: Station, nowNs: number): void {
    const { worker } = station.member;
    if (this.isWatched(station) && worker.busyUntilNs > nowNs) station.endNs = worker.busyUntilNs;
  }

  /** Takes who has left a worker; whether anybody has. */
  collect(role: "prefill" | "decode", worker: PrefillWorker | DecodeWorker): boolean {
    const requests = worker.takeFinished();
    if (requests.length === 0) return false;
    this.traffic?.onLeft(requests);
    if (role === "prefill" && this.onRefused !== null) {
      this.onRefused(requests);
      return true;
    }
    this.onLeft?.(requests);
    const { finished } = this;
    if (finished === null) return true;
    for (const request of requests) {
      if (!this.givenUp.has(request)) finished.push(request, this.ledger.terminalNs[request]!);
    }
    return true;
  }
}
