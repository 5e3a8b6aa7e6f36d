import type { StudyCell } from "./study-cells.ts";
import type { PolicySummary } from "./study-summary.ts";

/** What the page of a study is drawn from. */
export interface StudyPageData {
  readonly version: string;
  readonly ttftMs: number;
  readonly itlMs: number;
  readonly policies: readonly StudyPagePolicy[];
  readonly cells: readonly StudyCell[];
  readonly summaries: readonly PolicySummary[];
}

/** A contestant and its settings as one line of JSON. */
export interface StudyPagePolicy {
  readonly name: string;
  readonly settings: string;
}
