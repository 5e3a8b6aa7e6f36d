import { Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { replayConfig, type ReplayArguments } from "../../../test/replay-arguments.ts";
import { resultOf } from "../../../test/result-of.ts";
import { seededCase, seededNumbers, type SeededCase } from "../../../test/seeded-case.ts";
import { seededSglangCase } from "../../../test/seeded-sglang-case.ts";
import { RequestStatus } from "../../metrics/request-ledger.ts";
import type { RunResult } from "../../result/schema.ts";
import type { SimulationOutcome } from "../../simulation/outcome.ts";
import { simulate } from "../../simulation/simulate.ts";
import { openTrace } from "../../trace/open-trace.ts";
import { VllmScheduler } from "../pass-by-pass/vllm-scheduler.ts";
import type { SemanticsName } from "../semantics.ts";
import { TierStore } from "./tier-store.ts";

const kinds = ["agg", "trt", "dis", "sgl", "sgl-dis"] as const;

function caseOf(kind: (typeof kinds)[number], seed: number): SeededCase {
  if (kind === "sgl" || kind === "sgl-dis") return seededSglangCase(kind === "sgl-dis", seed);
  return seededCase(kind, seed);
}

/** The case's arguments with cache tiers; `tiers` is merged into every engine's. */
function withTiers(args: SeededCase["args"], tiers: Readonly<Record<string, unknown>>): ReplayArguments {
  return args.map((arg) => (typeof arg === "string" ? arg : { ...arg, ...tiers }));
}

async function run(rows: SeededCase["rows"], args: ReplayArguments, semantics: SemanticsName = "current") {
  const stdin = Readable.from([Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))]);
  const traceBlockSize = Number(args[args.indexOf("--trace-block-size") + 1]);
  const config = replayConfig(args, semantics);
  const outcome = simulate(await openTrace("-", { stdin, traceBlockSize, arrivals: "optional" }), config);
  return { outcome, result: resultOf(outcome, config) };
}

function randomTiers(seed: number): Record<string, unknown> {
  const random = seededNumbers(seed);
  const pick = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)]!;
  const bandwidth = () => pick(0, 0.01, 0.5, 14);
  return {
    kv_bytes_per_token: pick(0, 1000, 131_072),
    num_g2_blocks: pick(1, 3, 10, 100, 5000),
    num_g3_blocks: pick(0, 0, 2, 40, 3000),
    enable_g4_storage: pick(false, true),
    offload_batch_size: pick(1, 4, 32),
    bandwidth_g1_to_g2_gbps: bandwidth(),
    bandwidth_g2_to_g1_gbps: bandwidth(),
    bandwidth_g2_to_g3_gbps: bandwidth(),
    bandwidth_g3_to_g2_gbps: bandwidth(),
    bandwidth_g2_to_g4_gbps: bandwidth(),
    bandwidth_g4_to_g2_gbps: bandwidth(),
  };
}

/** What must not depend on tiers that do nothing. */
function withoutSettings({ digest: _digest, config: _config, engine: _engine, ...rest }: RunResult) {
  return rest;
}

afterEach(() => vi.restoreAllMocks());

describe.each(kinds)("random %s runs with cache tiers", (kind) => {
  test("end, keep to the capacities and repeat to the bit", async () => {
    const reserve = TierStore.prototype.reserve;
    vi.spyOn(TierStore.prototype, "reserve").mockImplementation(function (this: TierStore, key) {
      const taken = reserve.call(this, key);
      if (this.size > this.capacity) throw new Error(`a tier of ${this.capacity} holds ${this.size}`);
      return taken;
    });
    const { schedule } = VllmScheduler.prototype;
    vi.spyOn(VllmScheduler.prototype, "schedule").mockImplementation(function (this: VllmScheduler) {
      schedule.call(this);
      const { running, config } = this;
      if (running.length > config.maxNumSeqs) throw new Error(`${running.length} run, of ${config.maxNumSeqs}`);
    });
    let hits = 0;
    for (let seed = 1; seed <= (kind.endsWith("dis") ? 18 : 8); seed++) {
      const { rows, args } = caseOf(kind, seed);
      const tiered = withTiers(args, randomTiers(seed));
      const { outcome, result } = await run(rows, tiered);
      if (outcome.endedEarly === null) {
        expect(outcome.ledger.status.every((status) => status !== RequestStatus.pending)).toBe(true);
      }
      const { kv_tiers } = result;
      hits += kv_tiers!.host_hit_tokens + kv_tiers!.disk_hit_tokens + kv_tiers!.object_hit_tokens;
      expect(kv_tiers!.mean_onboarding_ms).toBeGreaterThanOrEqual(0);
      expect((await run(rows, tiered)).result.digest).toBe(result.digest);
    }
    expect(hits).toBeGreaterThan(0);
  });

  test("tiers of no size, and the rules of 1.4.2, change nothing", async () => {
    for (let seed = 30; seed <= 33; seed++) {
      const { rows, args } = caseOf(kind, seed);
      const plain = await run(rows, args);
      const empty = await run(rows, withTiers(args, { num_g2_blocks: 0 }));
      expect(empty.result.digest).toBe(plain.result.digest);
      expect(empty.result.kv_tiers).toBeUndefined();
      const old = await run(rows, args, "dynamo-1.4");
      const ignored = await run(rows, withTiers(args, { num_g2_blocks: 50, enable_g4_storage: true }), "dynamo-1.4");
      expect(withoutSettings(ignored.result)).toEqual(withoutSettings(old.result));
    }
  });

  test("tiers that never have what is asked for and take no time change nothing", async () => {
    let offloaded = 0;
    for (let seed = 40; seed <= 47; seed++) {
      const { rows, args } = caseOf(kind, seed);
      // No prompt shares a block with another.
      let next = 1;
      const alone = rows.map((row) => ({ ...row, hash_ids: row.hash_ids.map(() => next++) }));
      const instant = {
        num_g2_blocks: 7,
        num_g3_blocks: 9,
        kv_bytes_per_token: 0,
      };
      const plain = await run(alone, withTiers(args, { kv_bytes_per_token: 0 }));
      const tiered = await run(alone, withTiers(args, instant));
      const tiers = tiered.result.kv_tiers!;
      // A request that lost its place may find its own blocks again.
      if (tiers.host_hit_tokens + tiers.disk_hit_tokens > 0) continue;
      offloaded += tiers.offloaded_blocks;
      expect(columns(tiered.outcome)).toEqual(columns(plain.outcome));
    }
    expect(offloaded).toBeGreaterThan(0);
  });
});

function columns({ ledger }: SimulationOutcome): unknown {
  const { arrivalNs, admitNs, firstTokenNs, lastTokenNs, terminalNs, outputTokens, reusedTokens, status } = ledger;
  return { arrivalNs, admitNs, firstTokenNs, lastTokenNs, terminalNs, outputTokens, reusedTokens, status };
}
