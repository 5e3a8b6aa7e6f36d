import { expect, test } from "vitest";
import { GapRecorder } from "../metrics/gap-recorder.ts";
import { RequestLedger } from "../metrics/request-ledger.ts";
import type { SimulationOutcome } from "../simulation/outcome.ts";
import { meanContextTokens } from "./context-tokens.ts";

const second = 1e9;

test("context is the whole prompt from admission, grows evenly between tokens and goes with the last", () => {
  const ledger = new RequestLedger(3, new GapRecorder());
  const request = (place: number, admit: number, first: number, last: number, output: number) => {
    ledger.admitNs[place] = admit * second;
    ledger.firstTokenNs[place] = first * second;
    ledger.lastTokenNs[place] = last * second;
    ledger.terminalNs[place] = last * second;
    ledger.outputTokens[place] = output;
  };
  request(0, 0.5, 1, 3, 8);
  request(1, 3.25, 3.75, 3.75, 1);
  // The third was rejected: never admitted, nothing held.
  ledger.terminalNs[2] = 2 * second;
  const outcome = { ledger, trace: { inputLength: Int32Array.of(100, 40, 1000) }, handoffs: null };
  const means = meanContextTokens(outcome as unknown as SimulationOutcome, second, 5);
  // Half a second of 100; 100..104; 104..108; half a second of 40; nothing.
  expect(means).toEqual([50, 102, 106, 20, 0]);
});
