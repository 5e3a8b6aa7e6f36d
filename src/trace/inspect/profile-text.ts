import { arrivalFacts, distributionRows, sharingFacts, sizeFacts, whole } from "./profile-figures.ts";
import { shareText } from "../../share-text.ts";
import type { ProfileFacts } from "./profile-figures.ts";
import type { SharingProfile, TraceProfile } from "./trace-profile.ts";

/** A trace's profile for a terminal. */
export function profileText(profile: TraceProfile): string {
  const arrivals = arrivalFacts(profile);
  const lines = [
    profile.name,
    ...profile.notes.map((note) => `note: ${note}`),
    "",
    ...factLines(sizeFacts(profile)),
    "",
    ...(arrivals === null
      ? ["Arrivals: no span of time is recorded (a closed loop needs none)"]
      : [arrivals.title, ...factLines(arrivals)]),
    "",
    ...distributionLines(distributionRows(profile)),
    "",
    ...sharingLines(profile.sharing),
  ];
  return `${lines.join("\n")}\n`;
}

function sharingLines(sharing: SharingProfile | null): string[] {
  if (sharing === null) return ["Prefix sharing: none (no prompt has a block of another)"];
  const facts = sharingFacts(sharing);
  return [
    facts.title,
    ...factLines(facts),
    "",
    "LRU cache      tokens   hit rate",
    ...sharing.lru.map(
      ({ blocks, tokens, hitRate }) =>
        `${whole(blocks).padStart(9)}${whole(tokens).padStart(12)}${shareText(hitRate).padStart(11)}  ${"#".repeat(Math.round(hitRate * 40))}`,
    ),
  ];
}

function distributionLines(table: readonly (readonly string[])[]): string[] {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
}

function factLines({ rows }: ProfileFacts): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}
