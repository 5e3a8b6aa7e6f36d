import type { ComparedRun } from "../page-data.ts";
export function comparePage(_runs: readonly ComparedRun[], _toggle: () => void): HTMLElement[] {
  return [];
}
