import * as z from "zod/mini";
import type { PolicyClass, PolicyProfile } from "../router/policy-profile.ts";
import { choice, orNull, realNumber, text, wholeNumber } from "./fields.ts";
import type { ProblemList } from "./config-error.ts";
import { place, validate } from "./validate.ts";

/**
 * The policy YAML of a router: queues for families of requests and buckets of uncached prompt tokens (RouterPolicyConfig
 * of ai-dynamo 1.4.2 and newer; engine-reference §6).
 */

const name = (description: string) =>
  text(description).check(z.regex(/^[A-Za-z0-9_.-]+$/, "expected a name of letters, digits, _, . and -"));
const limit = (description: string) => z.optional(orNull(wholeNumber({ min: 0 }, description)));

/** Settings of live routers. */
const liveOnly = z.looseObject({}, "expected an object");

const policyClass = z.strictObject({
  name: name("The class; a request may ask for it where it has no family."),
  policy_family: z.optional(orNull(name("Family of requests it serves; with cache_bucket."))),
  cache_bucket: z.optional(orNull(name("Bucket of uncached prompt tokens it serves; with policy_family."))),
  queue_policy: z.optional(choice(["fcfs", "wspt"], "Order of its requests.")),
  quantum: wholeNumber({ min: 1 }, "Uncached prompt tokens a turn lets it send: its share among the classes."),
  prefill_busy_threshold: limit("A worker is busy with more prefill tokens than this."),
  prefill_busy_threshold_frac: z.optional(
    orNull(realNumber({ min: 0 }, "A worker is busy with more prefill tokens than this share of a pass's.")),
  ),
  busy_worker_ratio: z.optional(
    orNull(realNumber({ above: 0, max: 1 }, "Requests wait when this share of the workers is busy; all by default.")),
  ),
  request_queue_limit_per_worker: limit("Requests that may wait for a worker."),
  raw_isl_token_queue_limit_per_worker: limit("Prompt tokens that may wait for a worker."),
  cached_token_queue_limit_per_worker: limit("Cached prompt tokens that may wait for a worker."),
  admission: z.optional(liveOnly),
  queue_admission: z.optional(liveOnly),
});

const bucket = z.strictObject({
  min_tokens: wholeNumber({ min: 0 }, "Least uncached prompt tokens."),
  bucket: name("Name of the bucket."),
});

const profile = z.strictObject({
  default_policy_family: name("Family of the requests that ask for none."),
  policy_classes: z.array(policyClass, "expected a list of policy classes"),
  uncached_isl_buckets: z.array(bucket, "expected a list of buckets"),
});

/** Everything a policy document may say. */
const document = z.strictObject({
  default_policy_family: z.optional(orNull(profile.shape.default_policy_family)),
  policy_classes: z.optional(orNull(profile.shape.policy_classes)),
  uncached_isl_buckets: z.optional(orNull(profile.shape.uncached_isl_buckets)),
  models: z.optional(z.record(z.string(), profile, "expected a profile for each model")),
  worker_selection: z.optional(liveOnly),
});

type GivenProfile = z.infer<typeof profile>;
type GivenClass = z.infer<typeof policyClass>;

/** A checked policy document. */
export interface ResolvedPolicy {
  /** The queues; null when the document has none for this model. */
  readonly profile: PolicyProfile | null;
  readonly warnings: readonly string[];
}

/**
 * Checks a policy document and picks the profile of a model, the root profile where the model has none. All mistakes go
 * to `problems`.
 * @returns null when there were mistakes
 */
export function validatePolicyConfig(
  given: unknown,
  where: string,
  modelName: string | null,
  problems: ProblemList,
): ResolvedPolicy | null {
  const parsed = validate(document, given ?? {}, where, problems);
  if (parsed === null) return null;
  const warnings: string[] = [];
  const root = rootProfile(parsed, where, problems);
  if (root === "mistake") return null;
  const profiles = new Map<string, PolicyProfile | null>();
  if (root !== null) profiles.set("", resolveProfile(root, where, problems, warnings));
  for (const [model, given] of Object.entries(parsed.models ?? {})) {
    if (model === "") problems.add(place(where, ["models"]), 'found "", expected the name of a model');
    profiles.set(model, resolveProfile(given, place(where, ["models", model]), problems, warnings));
  }
  if (parsed.worker_selection !== undefined) {
    warnings.push(`${where} worker_selection has no effect: plug-ins that choose workers run in live routers only`);
  } else if (profiles.size === 0) {
    problems.add(where, "has neither policy_classes nor models");
    return null;
  }
  const found = (modelName === null ? undefined : profiles.get(modelName)) ?? profiles.get("") ?? null;
  return [...profiles.values()].includes(null) ? null : { profile: found, warnings };
}

function rootProfile(
  { default_policy_family, policy_classes, uncached_isl_buckets }: z.infer<typeof document>,
  where: string,
  problems: ProblemList,
): GivenProfile | "mistake" | null {
  const fields = { default_policy_family, policy_classes, uncached_isl_buckets };
  const missing = Object.entries(fields).filter(([, value]) => value == null);
  if (missing.length === 3) return null;
  for (const [key] of missing) problems.add(where, `${key} is missing: a profile needs all of ${keysOf(fields)}`);
  return missing.length > 0 ? "mistake" : (fields as GivenProfile);
}

function keysOf(fields: object): string {
  return Object.keys(fields).join(", ");
}

/** Puts classes, families and buckets together; null after a mistake. */
function resolveProfile(
  { default_policy_family, policy_classes, uncached_isl_buckets }: GivenProfile,
  where: string,
  problems: ProblemList,
  warnings: string[],
): PolicyProfile | null {
  const mistakes: string[] = [];
  const buckets = bucketNumbers(uncached_isl_buckets, mistakes);
  if (policy_classes.length === 0) mistakes.push("policy_classes is empty, expected at least one class");
  const names = policy_classes.map((given) => given.name);
  for (const repeated of repeats(names)) mistakes.push(`the policy class "${repeated}" is given twice`);
  const explicit = new Map<string, number>();
  const families = new Map<string, (number | null)[]>();
  for (const [index, given] of policy_classes.entries()) {
    if (given.admission !== undefined || given.queue_admission !== undefined)
      warnings.push(`${where}: the admission of policy class "${given.name}" has no effect in a replay`);
    if (
      given.busy_worker_ratio != null &&
      given.prefill_busy_threshold == null &&
      given.prefill_busy_threshold_frac == null
    )
      mistakes.push(`policy class "${given.name}": busy_worker_ratio needs a prefill_busy_threshold (or …_frac)`);
    if ((given.policy_family == null) !== (given.cache_bucket == null)) {
      mistakes.push(`policy class "${given.name}" needs both policy_family and cache_bucket, or neither`);
    } else if (given.policy_family == null) explicit.set(given.name, index);
    else placeInFamily(given, index, buckets, families, mistakes);
  }
  for (const named of explicit.keys())
    if (families.has(named)) mistakes.push(`"${named}" is a policy class without a family, and a family`);
  for (const [family, classes] of families) {
    for (const [bucketName, number] of buckets)
      if (classes[number] == null) mistakes.push(`family "${family}" has no policy class for bucket "${bucketName}"`);
  }
  if (!families.has(default_policy_family)) {
    const known = [...families.keys()].map((family) => `"${family}"`).join(", ");
    mistakes.push(
      `default_policy_family "${default_policy_family}" is none of the families (${known || "there are none"})`,
    );
  }
  for (const mistake of mistakes) problems.add(where, mistake);
  if (mistakes.length > 0) return null;
  return {
    classes: policy_classes.map(classFrom),
    explicit,
    families: families as Map<string, number[]>,
    defaultFamily: families.get(default_policy_family) as number[],
    bucketStarts: uncached_isl_buckets.map(({ min_tokens }) => min_tokens),
  };
}

function bucketNumbers(given: GivenProfile["uncached_isl_buckets"], mistakes: string[]): Map<string, number> {
  if (given.length === 0) mistakes.push("uncached_isl_buckets is empty, expected at least one bucket");
  else if (given[0]!.min_tokens !== 0) {
    mistakes.push(`uncached_isl_buckets starts at min_tokens ${given[0]!.min_tokens}, expected 0`);
  }
  for (let i = 1; i < given.length; i++) {
    const [before, after] = [given[i - 1]!.min_tokens, given[i]!.min_tokens];
    if (after <= before) mistakes.push(`uncached_isl_buckets: min_tokens ${after} after ${before}, expected more`);
  }
  const names = given.map(({ bucket: named }) => named);
  for (const repeated of repeats(names)) mistakes.push(`the bucket "${repeated}" is given twice`);
  return new Map(names.map((named, number) => [named, number]));
}

function placeInFamily(
  { name: className, policy_family, cache_bucket }: GivenClass,
  index: number,
  buckets: ReadonlyMap<string, number>,
  families: Map<string, (number | null)[]>,
  mistakes: string[],
): void {
  const number = buckets.get(cache_bucket!);
  const classes = families.get(policy_family!) ?? Array.from(buckets, () => null);
  families.set(policy_family!, classes);
  if (number === undefined) mistakes.push(`policy class "${className}": there is no bucket "${cache_bucket}"`);
  else if (classes[number] != null)
    mistakes.push(`family "${policy_family}" has two policy classes for bucket "${cache_bucket}"`);
  else classes[number] = index;
}

function repeats(names: readonly string[]): string[] {
  return [...new Set(names.filter((each, at) => names.indexOf(each) !== at))];
}

function classFrom(given: GivenClass): PolicyClass {
  return {
    name: given.name,
    queuePolicy: given.queue_policy ?? "fcfs",
    quantum: given.quantum,
    busyTokens: given.prefill_busy_threshold ?? null,
    busyShare: given.prefill_busy_threshold_frac ?? null,
    busyTargetRatio: given.busy_worker_ratio ?? null,
    requestLimit: given.request_queue_limit_per_worker ?? null,
    promptTokenLimit: given.raw_isl_token_queue_limit_per_worker ?? null,
    cachedTokenLimit: given.cached_token_queue_limit_per_worker ?? null,
  };
}
