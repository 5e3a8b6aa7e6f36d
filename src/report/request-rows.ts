import { RequestStatus } from "../metrics/request-ledger.ts";
import type { SimulationOutcome } from "../simulation/outcome.ts";

const statusNames = {
  [RequestStatus.completed]: "completed",
  [RequestStatus.rejected]: "rejected",
  [RequestStatus.failed]: "failed",
  [RequestStatus.canceled]: "canceled",
} as const;

const ROWS_A_CHUNK = 500;

/**
 * One JSON line for every request that left the system, by arrival, then place in the trace, with the fields of
 * engine-reference §9.3. `uuid` is the request's place in the trace in the shape of one, so that it repeats.
 */
export function* requestRows(outcome: SimulationOutcome): Generator<string> {
  const { ledger } = outcome;
  let lines = "";
  let rows = 0;
  for (const request of byArrival(ledger.arrivalNs)) {
    if (ledger.status[request] === RequestStatus.pending) continue;
    lines += `${JSON.stringify(row(outcome, request))}\n`;
    if (++rows % ROWS_A_CHUNK === 0) {
      yield lines;
      lines = "";
    }
  }
  if (lines !== "") yield lines;
}

/** Places of the requests that were offered, by arrival; equal arrivals in trace order. */
function byArrival(arrivalNs: Float64Array): Uint32Array {
  const places = Uint32Array.from(arrivalNs.keys());
  let ordered = true;
  for (let i = 1; i < arrivalNs.length && ordered; i++) ordered = arrivalNs[i - 1]! <= arrivalNs[i]!;
  if (!ordered) {
    const time = (place: number) => (Number.isNaN(arrivalNs[place]!) ? Infinity : arrivalNs[place]!);
    places.sort((a, b) => (time(a) === time(b) ? a - b : time(a) - time(b)));
  }
  return places;
}

function row({ trace, ledger, handoffs }: SimulationOutcome, request: number) {
  const ms = (column: Float64Array): number | null => orNull(column[request]! / 1e6);
  const between = (from: Float64Array, to: Float64Array): number | null =>
    orNull((to[request]! - from[request]!) / 1e6);
  const tokens = ledger.outputTokens[request]!;
  const completed = ledger.status[request] === RequestStatus.completed;
  const { sessions } = trace;
  const handoff = (column: Float64Array | undefined) => (column === undefined ? null : ms(column));
  return {
    session_id: sessions === null ? null : (sessions.names[sessions.sessionOf[request]!] ?? null),
    turn_index: sessions === null ? null : sessions.turnOf[request]!,
    uuid: `00000000-0000-4000-8000-${request.toString(16).padStart(12, "0")}`,
    arrival_time_ms: ms(ledger.arrivalNs),
    first_admit_ms: ms(ledger.admitNs),
    terminal_time_ms: ms(ledger.terminalNs),
    first_token_ms: ms(ledger.firstTokenNs),
    last_token_ms: tokens > 0 ? ms(ledger.lastTokenNs) : null,
    ttft_ms: between(ledger.arrivalNs, ledger.firstTokenNs),
    ttst_ms: between(ledger.firstTokenNs, ledger.secondTokenNs),
    e2e_latency_ms: completed && tokens > 0 ? between(ledger.arrivalNs, ledger.lastTokenNs) : null,
    itl_ms:
      tokens > 1 ? orNull((ledger.lastTokenNs[request]! - ledger.firstTokenNs[request]!) / (tokens - 1) / 1e6) : null,
    input_length: trace.inputLength[request]!,
    requested_output_length: trace.outputLength[request]!,
    output_length: tokens,
    reused_input_tokens: ledger.reusedTokens[request]!,
    prefill_worker_idx: handoffs === null ? null : workerOrNull(handoffs.prefillWorkerIndex[request]!),
    decode_worker_idx: workerOrNull(ledger.workerIndex[request]!),
    prefill_admit_ms: handoff(handoffs?.prefillAdmitNs),
    source_held_ms: handoff(handoffs?.sourceHeldNs),
    destination_reserved_ms: handoff(handoffs?.destinationReservedNs),
    destination_activated_ms: handoff(handoffs?.destinationActivatedNs),
    decode_admit_ms: handoff(handoffs?.decodeAdmitNs),
    source_released_ms: handoff(handoffs?.sourceReleasedNs),
    decode_reused_input_tokens: handoffs === null ? null : handoffs.decodeReusedTokens[request]!,
    prefill_route_overlap_tokens: null,
    decode_route_overlap_tokens: null,
    terminal_status: statusNames[ledger.status[request] as keyof typeof statusNames],
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function workerOrNull(index: number): number | null {
  return index < 0 ? null : index;
}
