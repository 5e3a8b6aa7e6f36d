import { toJSONSchema } from "zod/mini";
import { policyLoaders } from "../../src/planner/policies.ts";

interface PropertySchema {
  readonly description?: string;
  readonly anyOf?: readonly PropertySchema[];
}

/** The knobs of every built-in policy as docs/policies.md has them, a heading and a table each. */
export async function policyTables(): Promise<string> {
  const sections: string[] = [];
  for (const [name, load] of Object.entries(policyLoaders)) {
    const { title, schema, defaults } = await load();
    const { properties = {} } = toJSONSchema(schema, { io: "input" }) as {
      properties?: Record<string, PropertySchema>;
    };
    const rows = Object.entries(defaults).map(
      ([key, value]) => `| \`${key}\` | \`${shown(value)}\` | ${described(properties[key])} |`,
    );
    sections.push(`**\`${name}\`**: ${title}\n\n| Knob | Default | Meaning |\n|---|---|---|\n${rows.join("\n")}`);
  }
  return sections.join("\n\n");
}

function shown(value: unknown): string {
  return JSON.stringify(value).replaceAll("|", "\\|");
}

/** A field's own description, or the one inside its null-or wrapper. */
function described(property: PropertySchema | undefined): string {
  const text =
    property?.description ?? property?.anyOf?.find(({ description }) => description !== undefined)?.description;
  return (text ?? "see `windtunnel schema policy`").replaceAll("|", "\\|");
}
