import { FailureReason, failureReasons, RequestStatus } from "../metrics/request-ledger.ts";
import type { HandoffColumns, SimulationOutcome } from "../simulation/outcome.ts";

const statusNames = {
  [RequestStatus.completed]: "completed",
  [RequestStatus.rejected]: "rejected",
  [RequestStatus.failed]: "failed",
  [RequestStatus.canceled]: "canceled",
  [RequestStatus.timedOut]: "timed_out",
} as const;

const ROWS_A_CHUNK = 500;

/**
 * One JSON line for every request that left the system, by arrival, then place in the trace, with the fields of
 * engine-reference §9.3. `uuid` is the request's place in the trace in the shape of one, so that it repeats. In a
 * closed loop requests of no session count as sessions of one turn, named after their place, as in the reference.
 */
export function* requestRows(outcome: SimulationOutcome, closedLoop = false): Generator<string> {
  const { ledger } = outcome;
  let lines = "";
  let rows = 0;
  for (const request of byArrival(ledger.arrivalNs)) {
    if (ledger.status[request] === RequestStatus.pending) continue;
    lines += row(outcome, request, closedLoop);
    if (++rows % ROWS_A_CHUNK === 0) {
      yield lines;
      lines = "";
    }
  }
  if (lines !== "") yield lines;
}

/** Places of all requests, by arrival; equal arrivals in trace order, requests never offered last. */
function byArrival(arrivalNs: Float64Array): Uint32Array {
  const places = new Uint32Array(arrivalNs.length);
  let ordered = true;
  for (let i = 0; i < places.length; i++) {
    places[i] = i;
    if (i > 0 && !(arrivalNs[i - 1]! <= arrivalNs[i]!)) ordered = false;
  }
  if (!ordered) {
    const time = (place: number) => (Number.isNaN(arrivalNs[place]!) ? Infinity : arrivalNs[place]!);
    places.sort((a, b) => (time(a) === time(b) ? a - b : time(a) - time(b)));
  }
  return places;
}

function reasonOf(reason: number): string {
  return reason === FailureReason.none ? "null" : `"${failureReasons[reason]!}"`;
}

/** Written out piece by piece: a stringified object a row costs twice as much, and a run can have millions. */
function row({ trace, ledger, handoffs }: SimulationOutcome, request: number, closedLoop: boolean): string {
  const { sessions } = trace;
  const arrival = ledger.arrivalNs[request]!;
  const firstToken = ledger.firstTokenNs[request]!;
  const tokens = ledger.outputTokens[request]!;
  const lastToken = tokens > 0 ? ledger.lastTokenNs[request]! : Number.NaN;
  const status = ledger.status[request]!;
  const completed = status === RequestStatus.completed;
  return (
    (sessions === null
      ? closedLoop
        ? `{"session_id":"request_${request + 1}","turn_index":0`
        : '{"session_id":null,"turn_index":null'
      : `{"session_id":${JSON.stringify(sessions.names[sessions.sessionOf[request]!] ?? null)},"turn_index":${sessions.turnOf[request]}`) +
    `,"uuid":"00000000-0000-4000-8000-${request.toString(16).padStart(12, "0")}"` +
    `,"arrival_time_ms":${ms(arrival)}` +
    `,"first_admit_ms":${ms(ledger.admitNs[request]!)}` +
    `,"terminal_time_ms":${ms(ledger.terminalNs[request]!)}` +
    `,"first_token_ms":${ms(firstToken)}` +
    `,"last_token_ms":${ms(lastToken)}` +
    `,"ttft_ms":${ms(firstToken - arrival)}` +
    `,"ttst_ms":${ms(ledger.secondTokenNs[request]! - firstToken)}` +
    `,"e2e_latency_ms":${completed ? ms(lastToken - arrival) : "null"}` +
    `,"itl_ms":${tokens > 1 ? ms((lastToken - firstToken) / (tokens - 1)) : "null"}` +
    `,"input_length":${trace.inputLength[request]}` +
    `,"requested_output_length":${trace.outputLength[request]}` +
    `,"output_length":${tokens}` +
    `,"reused_input_tokens":${ledger.reusedTokens[request]}` +
    `,"prefill_worker_idx":${handoffs === null ? "null" : countOrNull(handoffs.prefillWorkerIndex[request]!)}` +
    `,"decode_worker_idx":${countOrNull(ledger.workerIndex[request]!)}` +
    (handoffs === null ? noHandoff : handoffFields(handoffs, request)) +
    (ledger.attempts === null
      ? ""
      : `,"attempts":${ledger.attempts[request]},"failure_reason":${reasonOf(ledger.reason[request]!)}`) +
    `,"terminal_status":"${statusNames[status as keyof typeof statusNames]}"}\n`
  );
}

const noHandoff =
  ',"prefill_admit_ms":null,"source_held_ms":null,"destination_reserved_ms":null,"destination_activated_ms":null' +
  ',"decode_admit_ms":null,"source_released_ms":null,"decode_reused_input_tokens":null' +
  ',"prefill_route_overlap_tokens":null,"decode_route_overlap_tokens":null';

function handoffFields(handoffs: HandoffColumns, request: number): string {
  return (
    `,"prefill_admit_ms":${ms(handoffs.prefillAdmitNs[request]!)}` +
    `,"source_held_ms":${ms(handoffs.sourceHeldNs[request]!)}` +
    `,"destination_reserved_ms":${ms(handoffs.destinationReservedNs[request]!)}` +
    `,"destination_activated_ms":${ms(handoffs.destinationActivatedNs[request]!)}` +
    `,"decode_admit_ms":${ms(handoffs.decodeAdmitNs[request]!)}` +
    `,"source_released_ms":${ms(handoffs.sourceReleasedNs[request]!)}` +
    `,"decode_reused_input_tokens":${handoffs.decodeAdmitNs[request]! >= 0 ? handoffs.decodeReusedTokens[request] : "null"}` +
    `,"prefill_route_overlap_tokens":${countOrNull(handoffs.prefillRouteOverlapTokens[request]!)}` +
    `,"decode_route_overlap_tokens":${countOrNull(handoffs.decodeRouteOverlapTokens[request]!)}`
  );
}

/** Nanoseconds as JSON milliseconds; null when it has not happened. Whole ones are cut in two: printing them is cheaper. */
function ms(ns: number): string {
  if (ns !== ns) return "null";
  const whole = Math.floor(ns / 1e6);
  const rest = ns - whole * 1e6;
  if (rest === 0) return String(whole);
  if (rest !== Math.floor(rest)) return String(ns / 1e6);
  return `${whole}.${String(1e6 + rest).slice(1)}`;
}

function countOrNull(count: number): string {
  return count < 0 ? "null" : String(count);
}
