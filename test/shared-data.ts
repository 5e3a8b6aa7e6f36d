import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(process.env["WINDTUNNEL_SHARED"] ?? join(import.meta.dirname, "../../shared"));

/** Whether the shared traces and golden runs are present; tests that need them are skipped otherwise. */
export const hasShared = existsSync(join(root, "reference"));

/** Path of a file of the shared data. */
export function sharedPath(...parts: string[]): string {
  return join(root, ...parts);
}
