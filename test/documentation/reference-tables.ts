import { toJSONSchema } from "zod/mini";
import { optionGroups, type ReplayOption } from "../../src/config/replay-option.ts";
import { replayOptions } from "../../src/config/replay-option-table.ts";
import { flatMetrics, runResultSchema, statisticNames } from "../../src/result/schema.ts";

/** Tables of the documentation that are made from the code, so that they stay true (docs/replay.md). */

/** Every option of `windtunnel replay`, a Markdown table a group. */
export function optionTables(): string {
  return optionGroups
    .map((group) => {
      const rows = replayOptions.filter((option) => option.group === group).map(optionRow);
      return `### ${group}\n\n| Option | Default | Meaning |\n|---|---|---|\n${rows.join("\n")}`;
    })
    .join("\n\n");
}

function optionRow({ flag, value, default: standard, description }: ReplayOption): string {
  const shown = value === undefined ? `--${flag}` : `--${flag} ${value.replaceAll("|", "\\|")}`;
  return `| \`${shown}\` | ${standard === undefined ? "–" : `\`${standard}\``} | ${description} |`;
}

/** Every top-level key of a result and its meaning; the nine keys of a metric in one row. */
export function resultKeyTable(): string {
  const { properties } = toJSONSchema(runResultSchema) as {
    properties: Record<string, { description?: string; const?: unknown }>;
  };
  const flatKeys = new Set(
    Object.keys(flatMetrics).flatMap((metric) => statisticNames.map((name) => `${name}_${metric}`)),
  );
  const metrics = Object.entries(flatMetrics).map(
    ([metric, meaning]) => `| \`{${statisticNames.join(",")}}_${metric}\` | ${capitalised(meaning)}. |`,
  );
  const keys = Object.entries(properties)
    .filter(([key]) => !flatKeys.has(key))
    .map(
      ([key, { description, const: constant }]) =>
        `| \`${key}\` | ${description ?? (constant === undefined ? "" : `${constant}`)} |`,
    );
  return `| Key | Meaning |\n|---|---|\n${[...keys, ...metrics].join("\n")}`;
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
