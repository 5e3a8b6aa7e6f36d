import { describe, expect, it } from "vitest";
import { kvRouterDefaults } from "../router/kv-router-settings.ts";
import { singleClassProfile } from "../router/policy-profile.ts";
import { ProblemList } from "./config-error.ts";
import { validateRouterConfig } from "./router-config.ts";

function check(given: unknown, queuePolicy: "fcfs" | "lcfs" | "wspt" | null = null) {
  const problems = new ProblemList();
  const router = validateRouterConfig(given, "--router-config", { queuePolicy }, problems);
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
    expect(check({ router_queue_policy: "wspt" }, "lcfs").router!.settings.policy.classes[0]!.queuePolicy).toBe("lcfs");
  });

  it("warns of what has no effect", () => {
    expect(check({ conditional_disagg_enabled: true, use_kv_events: true }).router!.warnings).toEqual([
      "--router-config: conditional_disagg_enabled has no effect in a replay",
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
