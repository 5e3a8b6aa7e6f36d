import { createHash } from "node:crypto";
import type { ReplayOptions } from "../config/replay-options.ts";
import { isModulePath } from "../planner/policies.ts";
import { moduleFiles, type ModuleFile } from "./module-files.ts";

/** The module a run loads as its policy, as its options name it; null = none, or a built-in one. */
export function policyModuleOf({ policy, plannerConfig }: ReplayOptions): string | null {
  // A document that has not been read could name anything.
  if (typeof plannerConfig === "string") return plannerConfig;
  const named = policy ?? (plannerConfig as { policy?: unknown } | undefined)?.policy;
  return typeof named === "string" && isModulePath(named) ? named : null;
}

/**
 * SHA-256 (hex) of a policy module and the local files it imports; null when there is no such file. A module that imports
 * none has the digest of its file.
 */
export function policyModuleDigest(path: string): string | null {
  const files = moduleFiles(path);
  const [[, own]] = files as readonly [ModuleFile];
  if (own === null || files.length === 1) return own;
  return createHash("sha256").update(JSON.stringify(files)).digest("hex");
}
