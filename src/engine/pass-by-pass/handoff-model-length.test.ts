import { expect, test } from "vitest";
import { smallRun } from "../../../test/small-run.ts";
import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";

const rows = [
  { at: 0, input: 120, output: 50 },
  { at: 1, input: 200, output: 5 },
  { at: 2, input: 127, output: 5 },
  { at: 3, input: 128, output: 5 },
  { at: 4, input: 20, output: 5 },
];

/** What ai-dynamo 1.4.2 made of these: decode arguments; end (ms) and output tokens of each request. */
const measured = [
  [{ max_model_len: 128 }, [88.087105, 47.84777, 47.84777, 47.84777, 70.847326]],
  [{ max_model_len: 128, max_num_seqs: 1 }, [122.57655, 47.854361, 47.854361, 53.60425, 76.603806]],
  [{ max_model_len: 128, num_gpu_blocks: 5 }, [279.39169, 42.09129, 70.97089, 70.97089, 186.48929]],
] as const;

test.each(measured)(
  "a decode worker refuses prompts too long for its model once they are there: %j",
  async (decode, ends) => {
    for (const implementation of ["auto", "pass-by-pass"] as const) {
      const { requests, outcome } = await smallRun(rows, { disaggregated: { decode }, implementation });
      const { ledger } = outcome;
      expect(requests.map(({ tokens }) => tokens)).toEqual([8, 0, 1, 0, 5]);
      for (const refused of [1, 3]) {
        expect(ledger.status[refused]).toBe(RequestStatus.rejected);
        expect(ledger.reason[refused]).toBe(FailureReason.promptExceedsModelLen);
        expect(ledger.workerIndex[refused]).toBe(0);
        expect(outcome.handoffs!.decodeAdmitNs[refused]).toBeNaN();
      }
      ends.forEach((end, request) => expect(ledger.terminalNs[request]! / 1e6).toBeCloseTo(end, 5));
    }
  },
);
