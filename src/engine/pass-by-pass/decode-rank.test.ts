import { expect, test } from "vitest";
import { engineConfig } from "../../../test/golden-case.ts";
import { rankContext } from "../../../test/rank-context.ts";
import { GapRecorder } from "../../metrics/gap-recorder.ts";
import { HandoffColumns } from "../../metrics/handoff-columns.ts";
import { RequestLedger } from "../../metrics/request-ledger.ts";
import { DecodeRank } from "./decode-rank.ts";

const trace = {
  name: "one request",
  count: 1,
  arrivalMs: Float64Array.of(0),
  inputLength: Int32Array.of(100),
  outputLength: Int32Array.of(5),
  blocks: null,
  sessions: null,
  notes: [],
};

test("a prompt that was to be computed here and is handed over at a second try counts as handed over", () => {
  const ledger = new RequestLedger(1, new GapRecorder());
  const handoffs = new HandoffColumns(1);
  const context = rankContext(trace, engineConfig({}), "current", ledger);
  const rank = new DecodeRank({ ...context, interruptible: true, gapsOfCompletedOnly: true }, handoffs);
  rank.enqueue(0);
  expect(rank.interrupt(0, 0)).toMatchObject({ generated: 0 });
  rank.offerDestination(0);
  expect(rank.tryReserve(10)).toBe(0);
  rank.activate(0, 20);
  expect(rank.startPass(30)).toBeGreaterThan(0);
  expect(handoffs.decodeAdmitNs[0]).toBe(30);
  // When its prompt was admitted is the prefill worker's to say.
  expect(ledger.admitNs[0]).toBeNaN();
});
