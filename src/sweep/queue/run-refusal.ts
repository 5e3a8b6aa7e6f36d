import { windtunnelVersion } from "../../version.ts";
import { namedFileDigests } from "../named-files.ts";
import { policyModuleDigest, policyModuleOf } from "../policy-module.ts";
import type { RunJob } from "./run-job.ts";

/**
 * Why this worker does not do a run of the queue; null = it does. Its program, the files the run names and the policy
 * module must be those of the sweep, or its figures would not be.
 * @param allowsPolicies load the policy modules that runs name
 */
export function runRefusal(job: RunJob | null, allowsPolicies: boolean): string | null {
  if (job === null) return "not a run of windtunnel";
  if (job.version !== windtunnelVersion) {
    return `this worker has version ${windtunnelVersion} and refuses runs of version ${job.version}`;
  }
  const here = namedFileDigests(job.task.options);
  const paths = [...new Set([...Object.keys(job.files), ...Object.keys(here)])];
  const other = paths.find((path) => (here[path] ?? null) !== (job.files[path] ?? null));
  if (other !== undefined) return `the file ${other} of this worker is not the one of the sweep`;
  const module = policyModuleOf(job.task.options);
  if (module === null) return null;
  if (!allowsPolicies) {
    return `this worker runs no code that a run names (policy ${module}); start workers with --allow-policies`;
  }
  return policyModuleDigest(module) === job.policyDigest
    ? null
    : `the policy module ${module} of this worker is not the one of the sweep`;
}
