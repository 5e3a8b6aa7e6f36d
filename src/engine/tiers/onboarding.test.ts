import { describe, expect, test } from "vitest";
import { patient } from "../../../test/disruption-fixtures.ts";
import { smallRun, type SmallRow, type SmallRunOptions } from "../../../test/small-run.ts";
import { RequestStatus } from "../../metrics/request-ledger.ts";

/** Runs rows on a pool of twenty blocks of 64 tokens; a block comes back from host memory in `blockMs`. */
async function run(
  rows: readonly SmallRow[],
  blockMs: number,
  engine: Record<string, unknown> = {},
  change: NonNullable<SmallRunOptions["change"]> = {},
) {
  const link = { bandwidth_g1_to_g2_gbps: 0, bandwidth_g2_to_g1_gbps: 0.064 / blockMs };
  const pool = { num_gpu_blocks: 20, block_size: 64, kv_bytes_per_token: 1000, num_g2_blocks: 200 };
  const { requests } = await smallRun(rows, {
    engine: { ...pool, ...link, ...engine },
    semantics: "current",
    change,
  });
  return requests;
}

/** Documents 1 and 2, of eight blocks each, are in host memory only: two others took all of the pool. */
const displaced: readonly SmallRow[] = [
  { at: 0, input: 512, output: 1, ids: [1] },
  { at: 1000, input: 512, output: 1, ids: [2] },
  { at: 2000, input: 640, output: 1, ids: [10, 11] },
  { at: 2500, input: 640, output: 1, ids: [12, 13] },
];
const startMs = 3000;
const [first, second] = [4, 5];

describe("a request whose blocks are back", () => {
  /** One request that grows from eight to eleven blocks, and one whose eight blocks are back before that ends. */
  const crowded = (input: number): SmallRow[] => [
    ...displaced,
    { at: startMs, input: 512, output: 190, ids: [20] },
    { at: startMs + 1, input, output: 1, ids: [1, 30] },
  ];
  const backMs = 1 + 8 * 500;

  test("waits for room for the rest of its prompt", async () => {
    // Eleven blocks and the eight that came back leave one.
    const two = await run(crowded(512 + 128), 500);
    expect(two[second]!.reused).toBe(512);
    expect(two[second]!.admit).toBe(two[first]!.last);
    const one = await run(crowded(512 + 64), 500);
    expect(one[second]!.admit - startMs).toBeGreaterThanOrEqual(backMs);
    expect(one[second]!.admit - startMs).toBeLessThan(backMs + 50);
    expect(one[first]!.last).toBeGreaterThan(one[second]!.last);
  });

  test.each([
    ["on their way", 1000],
    ["there, without room for the rest", backMs + 200],
  ])("is out of the way when its client leaves while they are %s", async (_, firstTokenTimeoutMs) => {
    const later: SmallRow = { at: 20_000, input: 512, output: 2, ids: [40] };
    const client = { ...patient, firstTokenTimeoutMs };
    const requests = await run([...crowded(512 + 128), later], 500, {}, { client });
    expect(requests[second]).toMatchObject({ status: RequestStatus.timedOut, tokens: 0, admit: Number.NaN });
    const undisturbed = await run(crowded(512 + 128).slice(0, -1), 500);
    expect(requests[first]!.last).toBe(undisturbed[first]!.last);
    expect(requests.at(-1)).toMatchObject({ status: RequestStatus.completed, tokens: 2 });
  });

  test("waits for a pass with tokens to spend", async () => {
    const rows: SmallRow[] = [
      ...displaced,
      { at: startMs, input: 640, output: 5, ids: [20, 21] },
      { at: startMs + 1, input: 512 + 64, output: 1, ids: [1, 30] },
    ];
    // The prompt before it takes ten whole passes.
    const requests = await run(rows, 5, { max_num_batched_tokens: 64 });
    expect(requests[first]!.ttft).toBeGreaterThan(1 + 8 * 5 + 50);
    expect(requests[second]!.admit).toBe(requests[first]!.first);
  });

  test("waits for a pass that can take all of its prompt where prompts are not cut", async () => {
    const rows = (rest: number): SmallRow[] => [
      ...displaced,
      { at: startMs, input: 64, output: 40, ids: [20] },
      { at: startMs + 1, input: 512 + rest, output: 1, ids: [1, 30, 31] },
    ];
    const whole = { max_num_batched_tokens: 640, enable_chunked_prefill: false };
    // A token of each pass goes to the request being answered.
    const waits = await run(rows(640), 5, whole);
    expect(waits[second]!.admit).toBe(waits[first]!.last);
    const fits = await run(rows(639), 5, whole);
    expect(fits[second]!.reused).toBe(512);
    expect(fits[second]!.last).toBeLessThan(fits[first]!.last);
  });
});

test("of two that are in each other's way the later gives its blocks up, and gets back what is left of them", async () => {
  const requests = await run(
    [
      ...displaced,
      { at: startMs, input: 512 + 320, output: 1, ids: [1, 30] },
      { at: startMs, input: 512 + 256, output: 1, ids: [2, 31] },
    ],
    10,
  );
  // Sixteen blocks over one link; four are left, and five wanted.
  expect(requests[first]!.admit - startMs).toBeCloseTo(16 * 10, 3);
  // It took four free blocks and one of those given up, which comes back once more.
  expect(requests[second]!.admit - requests[first]!.last).toBeCloseTo(10, 3);
  expect(requests.slice(first).map(({ reused }) => reused)).toEqual([512, 512]);
});
