import { describe, expect, it } from "vitest";
import { classOf } from "../router/policy-profile.ts";
import { ProblemList } from "./config-error.ts";
import { validatePolicyConfig } from "./policy-profile-config.ts";

function check(given: unknown, model: string | null = null) {
  const problems = new ProblemList();
  const policy = validatePolicyConfig(given, "--router-policy-config", model, problems);
  return { policy, problems: problems.problems.map(({ where, message }) => `${where}: ${message}`) };
}

const chat = {
  default_policy_family: "chat",
  uncached_isl_buckets: [
    { min_tokens: 0, bucket: "short" },
    { min_tokens: 2000, bucket: "long" },
  ],
  policy_classes: [
    { name: "chat-short", policy_family: "chat", cache_bucket: "short", quantum: 4000, prefill_busy_threshold_frac: 1 },
    { name: "chat-long", policy_family: "chat", cache_bucket: "long", queue_policy: "wspt", quantum: 1000 },
    { name: "vip", quantum: 8000, request_queue_limit_per_worker: 10 },
  ],
};

describe("a policy document", () => {
  it("gives classes, families and buckets", () => {
    const { profile, warnings } = check(chat).policy!;
    expect(warnings).toEqual([]);
    expect(profile!.classes.map(({ name, queuePolicy, quantum }) => [name, queuePolicy, quantum])).toEqual([
      ["chat-short", "fcfs", 4000],
      ["chat-long", "wspt", 1000],
      ["vip", "fcfs", 8000],
    ]);
    expect([classOf(profile!, null, 1999), classOf(profile!, "chat", 2000), classOf(profile!, "vip", 0)]).toEqual([
      0, 1, 2,
    ]);
    expect(profile!.classes[2]).toMatchObject({ busyShare: null, requestLimit: 10 });
  });

  it("has profiles of models, which replace the root's", () => {
    const models = { small: { ...chat, policy_classes: chat.policy_classes.slice(0, 2) } };
    expect(check({ ...chat, models }, "small").policy!.profile!.classes).toHaveLength(2);
    expect(check({ ...chat, models }, "other").policy!.profile!.classes).toHaveLength(3);
    expect(check({ models }, "other").policy!.profile).toBeNull();
  });

  it("warns of what only live routers do", () => {
    const classes = [
      { ...chat.policy_classes[0], admission: { type: "session_aware" } },
      ...chat.policy_classes.slice(1),
    ];
    expect(check({ ...chat, policy_classes: classes, worker_selection: {} }).policy!.warnings).toEqual([
      '--router-policy-config: the admission of policy class "chat-short" has no effect in a replay',
      "--router-policy-config worker_selection has no effect: plug-ins that choose workers run in live routers only",
    ]);
  });

  it("is told every mistake", () => {
    expect(check({}).problems).toEqual(["--router-policy-config: has neither policy_classes nor models"]);
    expect(check({ default_policy_family: "chat" }).problems).toEqual([
      "--router-policy-config: policy_classes is missing: a profile needs all of default_policy_family, policy_classes, uncached_isl_buckets",
      "--router-policy-config: uncached_isl_buckets is missing: a profile needs all of default_policy_family, policy_classes, uncached_isl_buckets",
    ]);
    expect(check({ ...chat, defualt_policy_family: "x" }).problems).toEqual([
      '--router-policy-config: unknown key "defualt_policy_family" (did you mean "default_policy_family"?)',
    ]);
    const wrong = {
      default_policy_family: "nobody",
      uncached_isl_buckets: [
        { min_tokens: 5, bucket: "a" },
        { min_tokens: 5, bucket: "a" },
      ],
      policy_classes: [
        { name: "x", policy_family: "chat", cache_bucket: "b", quantum: 1 },
        { name: "x", policy_family: "chat", quantum: 1 },
        { name: "chat", quantum: 1, busy_worker_ratio: 0.5 },
      ],
    };
    expect(check(wrong).problems.map((line) => line.replace("--router-policy-config: ", ""))).toEqual([
      "uncached_isl_buckets starts at min_tokens 5, expected 0",
      "uncached_isl_buckets: min_tokens 5 after 5, expected more",
      'the bucket "a" is given twice',
      'the policy class "x" is given twice',
      'policy class "x": there is no bucket "b"',
      'policy class "x" needs both policy_family and cache_bucket, or neither',
      'policy class "chat": busy_worker_ratio needs a prefill_busy_threshold (or …_frac)',
      '"chat" is a policy class without a family, and a family',
      'family "chat" has no policy class for bucket "a"',
      'default_policy_family "nobody" is none of the families ("chat")',
    ]);
    expect(check({ ...chat, policy_classes: [{ name: "a b", quantum: 0, queue_policy: "lcfs" }] }).problems).toEqual([
      '--router-policy-config policy_classes[0].name: found "a b", expected a name of letters, digits, _, . and -',
      '--router-policy-config policy_classes[0].queue_policy: found "lcfs", expected one of "fcfs", "wspt"',
      "--router-policy-config policy_classes[0].quantum: found 0, expected a whole number of at least 1",
    ]);
  });
});
