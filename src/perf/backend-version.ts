import { shown } from "../config/config-error.ts";
import { suggestion } from "../config/nearest-name.ts";
import type { BackendName } from "./backend.ts";
import { compareVersions } from "./tables/version-order.ts";

/**
 * Releases AIConfigurator has published tables of, for one GPU or another, oldest first (its repository's data folders
 * and release notes up to 0.12).
 */
const measuredVersions: Readonly<Record<BackendName, readonly string[]>> = {
  vllm: "0.11.0 0.12.0 0.14.0 0.16.0 0.17.0 0.19.0 0.20.0 0.22.0 0.24.0 0.26.0".split(" "),
  trtllm: (
    "0.20.0 1.0.0rc3 1.0.0rc6 1.0.0 1.1.0 1.2.0rc1 1.2.0rc2 1.2.0rc5 1.2.0rc6 " +
    "1.3.0rc4 1.3.0rc5 1.3.0rc10 1.3.0rc15 1.3.0rc17 1.3.0rc20 1.3.0rc23"
  ).split(" "),
  sglang: "0.5.1.post1 0.5.5.post2 0.5.6.post2 0.5.8 0.5.9 0.5.10 0.5.12 0.5.14 0.5.16 0.5.17".split(" "),
};

/** The versions whose passes the roofline's constants were fitted to (a100_sxm: 0.14.0, 1.0.0 and 0.5.10). */
const fittedVersions: Readonly<Record<BackendName, string>> = {
  vllm: "0.24.0",
  trtllm: "1.3.0rc20",
  sglang: "0.5.14",
};

/** AIConfigurator's names of its newest tables and of those beside them. */
const aliases = ["current", "previous", "next"];

/**
 * What is wrong with a backend version that no tables are read for, or null: text that is no release number, or one
 * that backend never had (another backend's, usually). AIConfigurator refuses any version it has no tables of.
 */
export function wrongVersion(backend: BackendName, version: string): string | null {
  const known = measuredVersions[backend];
  if (aliases.includes(version) || known.includes(plain(version))) return null;
  const major = /^v?(\d+)\.\d/.exec(version)?.[1];
  if (major !== undefined && known.some((name) => name.startsWith(`${major}.`))) return null;
  const owner = Object.entries(measuredVersions).find(([, names]) => names.includes(plain(version)))?.[0];
  const why = owner === undefined ? `is no release of ${backend}` : `is a release of ${owner}, not of ${backend}`;
  return (
    `${shown(version)} ${why}${suggestion(version, known)}; tables were published of ${known.join(", ")}. ` +
    "Leave it out for the roofline, which prices every version alike"
  );
}

/** What to say of a well-formed version without tables that the roofline prices; null = there are tables of it. */
export function unmeasuredVersion(backend: BackendName, version: string): string | null {
  const known = measuredVersions[backend];
  if (aliases.includes(version) || known.includes(plain(version))) return null;
  const nearest = known.findLast((name) => compareVersions(name, plain(version)) < 0) ?? known[0]!;
  return (
    `aic_backend_version ${version}: AIConfigurator has no tables of this ${backend} and would refuse it ` +
    `(nearest: ${nearest}); the roofline prices every version alike, as ${fittedVersions[backend]} ran`
  );
}

function plain(version: string): string {
  return version.replace(/^v/, "");
}
