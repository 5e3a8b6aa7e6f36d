/** Which fields a row has given, as bits. */
export const given = {
  timestamp: 1,
  inputLength: 2,
  outputLength: 4,
  hashIds: 8,
  session: 16,
  delay: 32,
  priority: 64,
} as const;

/** Fields of the Mooncake row being read, in one reused object; `fields` says which of them hold. */
export class MooncakeRow {
  fields = 0;
  inputLength = 0;
  outputLength = 0;
  session = "";
  /** Seconds by which it counts as older, its strict priority and its queue class; hold where `priority` is given. */
  boostSeconds = 0;
  strictPriority = 0;
  policyClass: string | null = null;
  /** [timestamp, delay] in ms: in an array, so that storing them allocates nothing. */
  readonly times = new Float64Array(2);
}
