import { describe, expect, test } from "vitest";
import { simulate } from "../replay.ts";

describe("--client-config and --fault-config", () => {
  const base = { inputTokens: 100, outputTokens: 20, requestCount: 50, requestRate: 20, numWorkers: 2 };

  test("run from code, with their settings in the result", async () => {
    const result = await simulate({
      ...base,
      clientConfig: { timeout_ms: 140, max_retries: 1 },
      faultConfig: { failures: ["1s:agg:0", { at: "0.02m", pool: "agg", worker: 9 }], slow_start_share: 0.1 },
    });
    expect(result.config["client.timeout_ms"]).toEqual({ value: 140, from: "given" });
    expect(result.disruptions!.worker_failures.map(({ t_s, state }) => [t_s, state])).toEqual([
      [1, "active"],
      [1.2, "absent"],
    ]);
    expect(result.workers.filter(({ failed }) => failed === true).map(({ id }) => id)).toEqual([0]);
    const ended = result.completed_requests + result.rejected_requests + result.failed_requests;
    expect(ended).toBe(result.num_requests);
  });

  test.each([
    [{ failures: ["20x:agg:0"] }, 'failures[0]: found "20x:agg:0", expected a time, a pool and a worker such as'],
    [{ failures: ["20s:prefill:0"] }, 'failures[0]: found pool "prefill", expected "agg"'],
    [{ failures: ["25:00:agg:0"] }, "expected a time, a pool and a worker"],
    [{ failures: ["24:00:agg:0"] }, "expected a time, a pool and a worker"],
    [{ failures: ["10:00:agg:0"] }, "has no calendar times"],
    [{ failures: ["10:00:agg:0"], clock_start: "9" }, 'clock_start: found "9", expected a clock time such as "09:30"'],
    [
      { failures: ["1s:agg:0", { at_s: 3, pool: "aggg", worker: -1, x: 1 }] },
      [
        '--fault-config failures[1].at: found nothing, expected a time such as "600s" or "10:00"',
        '--fault-config failures[1].pool: found "aggg", expected one of "agg", "prefill", "decode"',
        "--fault-config failures[1].worker: found -1, expected a whole number of at least 0",
        '--fault-config failures[1]: unknown key "at_s" (did you mean "at"?)',
        '--fault-config failures[1]: unknown key "x"; known are at, pool, worker',
      ].join("\n"),
    ],
    [{ failures: [7] }, 'failures[0]: found 7, expected text such as "600s:agg:0" or an object'],
    [{ restrt: true }, 'unknown key "restrt" (did you mean "restart"?)'],
  ])("refuses the fault plan %j", async (faultConfig, problem) => {
    await expect(simulate({ ...base, faultConfig })).rejects.toThrow(problem);
  });

  test("mistakes of keys and of failures are told together", async () => {
    const faultConfig = { failures: ["1s:agg:0", "20x:agg:0"], restrt: true };
    const error: unknown = await simulate({ ...base, faultConfig }).catch((thrown: unknown) => thrown);
    expect((error as { problems: unknown }).problems).toMatchObject([
      { where: "--fault-config", message: 'unknown key "restrt" (did you mean "restart"?)' },
      { where: "--fault-config failures[1]" },
    ]);
  });

  test("a clock time counts from the trace's own start or the one given, on the next day if it is past", async () => {
    const at = async (clock: string, options: object) => {
      const faultConfig = { failures: [`${clock}:agg:0`], ...options };
      return (await simulate({ ...base, faultConfig })).disruptions!.worker_failures[0]?.t_s;
    };
    expect(await at("10:00:01", { clock_start: "10:00" })).toBe(1);
    expect(await at("00:00:01", { clock_start: "23:59:59" })).toBe(2);
    // The clock is the recording's; seconds are those of the run.
    const faultConfig = { failures: ["10:00:02:agg:0", "1.1s:agg:1"], clock_start: "10:00" };
    const { disruptions } = await simulate({ ...base, faultConfig, arrivalSpeedupRatio: 2 });
    expect(disruptions!.worker_failures.map(({ t_s }) => t_s)).toEqual([1, 1.1]);
  });
});
