import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ReplayOptions } from "../config/replay-options.ts";
import { isModulePath } from "../planner/policies.ts";

/** The module a run loads as its policy, as its options name it; null = none, or a built-in one. */
export function policyModuleOf({ policy, plannerConfig }: ReplayOptions): string | null {
  // A document that has not been read could name anything.
  if (typeof plannerConfig === "string") return plannerConfig;
  const named = policy ?? (plannerConfig as { policy?: unknown } | undefined)?.policy;
  return typeof named === "string" && isModulePath(named) ? named : null;
}

/** SHA-256 (hex) of a policy module's file; null when it cannot be read. What it imports does not count. */
export function policyModuleDigest(path: string): string | null {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return null;
  }
}
