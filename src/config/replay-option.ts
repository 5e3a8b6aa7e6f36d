import type * as z from "zod/mini";
import { choice, text, truth, type wholeNumber } from "./fields.ts";

/** How a flag's text becomes a value: a document is inline JSON/YAML, a path, or @path. */
export type OptionKind = "number" | "text" | "document" | "switch";

/** One option of a replay: flag, type, default and help in one place. The command line and the docs are made from it. */
export interface ReplayOption {
  /** Long flag without the dashes. */
  readonly flag: string;
  readonly kind: OptionKind;
  /** Placeholder of its value in help. */
  readonly value?: string;
  readonly schema: z.ZodMiniType | null;
  readonly default?: string | number | boolean;
  readonly description: string;
  readonly group: OptionGroup;
}

/** Headings options stand under in help and documentation, in that order. */
export const optionGroups = [
  "Engines",
  "Workload",
  "Routing",
  "Prefill-load estimate of the KV router (engines take theirs from the engine arguments)",
  "Planner",
  "Run",
  "Reports",
] as const;
/** The heading an option stands under. */
export type OptionGroup = (typeof optionGroups)[number];

/** An option that takes a number; `make` and `bounds` say which. */
export const number = (
  group: OptionGroup,
  flag: string,
  value: string,
  make: typeof wholeNumber,
  bounds: Parameters<typeof wholeNumber>[0],
  description: string,
  standard?: number,
): ReplayOption => ({
  flag,
  kind: "number",
  value,
  schema: make(bounds, description),
  description,
  group,
  ...(standard === undefined ? {} : { default: standard }),
});

/** An option that takes any text: a name, a path. */
export const words = (group: OptionGroup, flag: string, value: string, description: string): ReplayOption => ({
  flag,
  kind: "text",
  value,
  schema: text(description),
  description,
  group,
});

/** An option that takes one of a few names and has a default. */
export const names = (
  group: OptionGroup,
  flag: string,
  allowed: readonly [string, ...string[]],
  standard: string,
  description: string,
): ReplayOption => ({
  flag,
  kind: "text",
  value: allowed.length > 4 ? "NAME" : allowed.join("|"),
  schema: choice(allowed, description),
  default: standard,
  description,
  group,
});

/** An option that takes a document, which its own schema checks later. */
export const document = (group: OptionGroup, flag: string, description: string): ReplayOption => ({
  flag,
  kind: "document",
  value: "JSON|PATH",
  schema: null,
  description,
  group,
});

/** An option without a value. */
export const toggle = (group: OptionGroup, flag: string, description: string): ReplayOption => ({
  flag,
  kind: "switch",
  schema: truth(description),
  description,
  group,
});
