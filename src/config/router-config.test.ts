import { describe, expect, it } from "vitest";
import { kvRouterDefaults } from "../router/kv-router-settings.ts";
import { singleClassProfile } from "../router/policy-profile.ts";
import { ProblemList } from "./config-error.ts";
import { validateRouterConfig, type RouterSurroundings } from "./router-config.ts";

function check(given: unknown, surroundings: Partial<RouterSurroundings> = {}) {
  const problems = new ProblemList();
  const router = validateRouterConfig(given, "--router-config", { semantics: "dynamo-1.4", ...surroundings }, problems);
  return { router, problems: problems.problems.map(({ where, message }) => `${where}: ${message}`) };
}

describe("a router configuration", () => {
  it("has the reference's defaults", () => {
    expect(check(null).router).toEqual({ settings: kvRouterDefaults, warnings: [] });
    expect(check({}).router!.settings).toEqual(kvRouterDefaults);
  });

  it("sets what it names", () => {
    const { settings } = check({
      overlap_score_credit: 1.5,
      router_temperature: 0.2,
      router_queue_threshold: 0.5,
      router_queue_policy: "wspt",
      router_assume_kv_reuse: false,
    }).router!;
    expect(settings).toEqual({
      ...kvRouterDefaults,
      overlapScoreCredit: 1.5,
      temperature: 0.2,
      policy: singleClassProfile(0.5, "wspt"),
      assumeKvReuse: false,
    });
  });

  it("takes the older weight as the prefill scale, and 0 as no credit", () => {
    expect(check({ overlap_score_weight: 2 }).router!.settings).toMatchObject({
      prefillLoadScale: 2,
      overlapScoreCredit: 1,
    });
    const off = check({ overlap_score_weight: 0 }).router!;
    expect(off.settings).toMatchObject({ prefillLoadScale: 0, overlapScoreCredit: 0 });
    expect(off.warnings).toEqual(["--router-config: overlap_score_weight is the older name of prefill_load_scale"]);
  });

  it("lets the engine arguments name the queue policy", () => {
    expect(
      check({ router_queue_policy: "wspt" }, { queuePolicy: "lcfs" }).router!.settings.policy.classes[0]!.queuePolicy,
    ).toBe("lcfs");
  });

  it("warns of what has no effect", () => {
    expect(check({ conditional_disagg_enabled: true, use_kv_events: true }).router!.warnings).toEqual([
      "--router-config: conditional_disagg_enabled has no effect under --semantics dynamo-1.4, whose replay ignores it",
    ]);
    const current = { semantics: "current" } as const;
    expect(check({ router_replica_sync: true, router_ttl_secs: 5 }, current).router!.warnings).toEqual([
      "--router-config: router_replica_sync has no effect in a replay",
      "--router-config: router_ttl_secs has no effect while use_kv_events is true",
    ]);
    expect(check({ conditional_disagg_policy: "isl_or_load" }, current).router!.warnings).toEqual([
      "--router-config: conditional_disagg_policy has no effect without conditional_disagg_enabled",
    ]);
  });

  it("applies under the newest rules what the replay of 1.4.2 ignores", () => {
    const given = {
      use_kv_events: false,
      router_ttl_secs: 5,
      router_queue_threshold: 2,
      conditional_disagg_enabled: true,
      conditional_disagg_policy: "isl_or_load",
      conditional_disagg_eff_isl_threshold: 100,
      conditional_disagg_decode_busy_threshold: 0.9,
    };
    const { settings, warnings } = check(given, { semantics: "current" }).router!;
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      approximateCacheNs: 5e9,
      conditionalDisaggregation: {
        policy: "isl_or_load",
        uncachedTokens: 100,
        uncachedShare: 0.7,
        prefillBusyShare: 2,
        decodeBusyShare: 0.9,
      },
    });
    const old = check(given).router!.settings;
    expect([old.approximateCacheNs, old.conditionalDisaggregation]).toEqual([null, null]);
  });

  it("refuses what excludes each other", () => {
    expect(check({ router_prefill_load_model: "aic", router_track_prefill_tokens: false }).problems).toEqual([
      '--router-config: router_prefill_load_model "aic" needs router_track_prefill_tokens true',
      '--router-config: router_prefill_load_model "aic" needs --aic-backend, --aic-system and --aic-model-path to take prefill times from',
    ]);
    expect(check({}, { hasEstimator: true }).problems).toEqual([
      '--router-config: --aic-… flags describe the estimator of router_prefill_load_model "aic", which is not set',
    ]);
    expect(check({ router_predicted_ttl_secs: 5, use_kv_events: false }).problems).toEqual([
      "--router-config: router_predicted_ttl_secs needs use_kv_events true",
    ]);
    expect(check({ router_track_output_blocks: true, router_track_active_blocks: false }).problems).toEqual([
      "--router-config: router_track_output_blocks needs router_track_active_blocks true",
    ]);
    expect(check({ serve_indexer: true, overlap_score_credit: 0 }).problems).toEqual([
      "--router-config: serve_indexer needs an overlap_score_credit above 0",
    ]);
    expect(check({ shared_cache_multiplier: 1.5, router_tracking_hash: "x" }).problems).toEqual([
      '--router-config router_tracking_hash: found "x", expected one of "public-xxh3-v1", "keyed-xxh3-v1"',
      "--router-config shared_cache_multiplier: found 1.5, expected a number from 0 to 1",
    ]);
    expect(check({ use_remote_indexer: true, serve_indexer: true }).problems).toEqual([
      "--router-config: use_remote_indexer and serve_indexer exclude each other",
    ]);
  });

  it("reports every mistake with the nearest name", () => {
    expect(check({ router_temprature: 1, router_queue_threshold: -1, router_temperature: -0.5 }).problems).toEqual(
      expect.arrayContaining([
        '--router-config: unknown key "router_temprature" (did you mean "router_temperature"?)',
        "--router-config router_queue_threshold: found -1, expected a number of at least 0",
        "--router-config router_temperature: found -0.5, expected a number of at least 0",
      ]),
    );
    expect(check([]).problems).toEqual(["--router-config: found [], expected an object of router settings"]);
  });
});
