import type { SimulationOutcome } from "../simulation/outcome.ts";
import type { LatencyColumns } from "./latency-columns.ts";
import type { RunResult } from "./schema.ts";

const MOST_SCATTERED = 2000;
const WORST = 20;

/** At most 2,000 completed requests, evenly spaced over the trace. */
export function scatterSample({ ledger, trace }: SimulationOutcome, { ttft }: LatencyColumns): RunResult["scatter"] {
  const sample: RunResult["scatter"] = {
    request: [],
    arrival_s: [],
    input_length: [],
    output_length: [],
    ttft_ms: [],
    hit_share: [],
  };
  let present = 0;
  for (let i = 0; i < ledger.count; i++) if (ttft[i]! >= 0) present++;
  const step = Math.max(1, present / MOST_SCATTERED);
  let seen = 0;
  let next = 0;
  for (let i = 0; i < ledger.count && sample.request.length < MOST_SCATTERED; i++) {
    if (!(ttft[i]! >= 0) || seen++ < next) continue;
    next = Math.ceil(step * (sample.request.length + 1));
    const inputLength = trace.inputLength[i]!;
    sample.request.push(i);
    sample.arrival_s.push(ledger.arrivalNs[i]! / 1e9);
    sample.input_length.push(inputLength);
    sample.output_length.push(ledger.outputTokens[i]!);
    sample.ttft_ms.push(ttft[i]!);
    sample.hit_share.push(inputLength === 0 ? 0 : ledger.reusedTokens[i]! / inputLength);
  }
  return sample;
}

/** The slowest completed requests by latency (ties: trace order), and where their time went. */
export function worstRequests(outcome: SimulationOutcome, columns: LatencyColumns): RunResult["worst_requests"] {
  return slowest(columns.e2e, WORST).map((request) => describe(outcome, columns, request));
}

/** Places of the largest values, largest first, equal ones in order of place. */
function slowest(values: Float64Array, count: number): number[] {
  const places: number[] = [];
  let bar = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value > bar)) continue;
    let at = places.length;
    while (at > 0 && values[places[at - 1]!]! < value) at--;
    places.splice(at, 0, i);
    if (places.length > count) places.pop();
    if (places.length === count) bar = values[places[count - 1]!]!;
  }
  return places;
}

function describe(
  { trace, ledger, handoffs }: SimulationOutcome,
  { ttft, tpot, e2e }: LatencyColumns,
  request: number,
): RunResult["worst_requests"][number] {
  const arrival = ledger.arrivalNs[request]!;
  const admitted = handoffs === null ? ledger.admitNs[request]! : handoffs.prefillAdmitNs[request]!;
  const prefilled = handoffs === null ? ledger.firstTokenNs[request]! : handoffs.sourceHeldNs[request]!;
  const transferred = handoffs === null ? prefilled : handoffs.destinationActivatedNs[request]!;
  const last = ledger.lastTokenNs[request]!;
  const between = (fromNs: number, toNs: number) => milliseconds(toNs - fromNs);
  return {
    request,
    arrival_s: arrival / 1e9,
    input_length: trace.inputLength[request]!,
    output_length: ledger.outputTokens[request]!,
    reused_input_tokens: ledger.reusedTokens[request]!,
    worker: workerOrNull(ledger.workerIndex[request]!),
    prefill_worker: handoffs === null ? null : workerOrNull(handoffs.prefillWorkerIndex[request]!),
    ttft_ms: orNull(ttft[request]!),
    itl_ms: orNull(tpot[request]!),
    e2e_latency_ms: e2e[request]!,
    queued_ms: between(arrival, admitted),
    prefill_ms: between(admitted, prefilled),
    transfer_ms: handoffs === null ? null : between(prefilled, transferred),
    decode_ms: between(transferred, last),
    preempted_ms: ledger.preemptions.waitedNs(request) / 1e6,
  };
}

function milliseconds(ns: number): number | null {
  return orNull(ns / 1e6);
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function workerOrNull(index: number): number | null {
  return index < 0 ? null : index;
}
