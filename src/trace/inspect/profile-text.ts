import type { Distribution, SharingProfile, TraceProfile } from "./trace-profile.ts";

/** A trace's profile for a terminal. */
export function profileText(profile: TraceProfile): string {
  const { arrivals, sessions, sharing } = profile;
  const lines = [
    profile.name,
    ...profile.notes.map((note) => `note: ${note}`),
    "",
    ...facts([
      ["Requests", whole(profile.requests)],
      ["Input tokens", whole(profile.inputTokens)],
      ["Output tokens", whole(profile.outputTokens)],
    ]),
  ];
  if (arrivals === null) {
    lines.push("", "Arrivals: no span of time is recorded (a closed loop needs none)");
  } else {
    lines.push(
      "",
      "Arrivals",
      ...facts([
        ["Duration", `${decimals(arrivals.durationSeconds)} s`],
        ["Rate", `${decimals(arrivals.requestsPerSecond)} requests/s`],
        [
          "Busiest minute",
          arrivals.peakRequestsPerSecond === null ? "-" : `${decimals(arrivals.peakRequestsPerSecond)} requests/s`,
        ],
        ["Input", `${whole(arrivals.inputTokensPerSecond)} tokens/s`],
        ["Output", `${whole(arrivals.outputTokensPerSecond)} tokens/s`],
        ["Gap variation", `${decimals(arrivals.gapVariation)} (1 = Poisson)`],
        ...arrivals.dispersion.map(({ windowSeconds, index }): [string, string] => [
          `Dispersion in ${windowSeconds} s`,
          `${decimals(index)} (1 = Poisson, more = bursts)`,
        ]),
      ]),
    );
  }
  lines.push(
    "",
    ...distributionTable([
      ["Input tokens", profile.inputLength],
      ["Output tokens", profile.outputLength],
      ...(sessions === null ? [] : [["Turns of a session", sessions.turns] as const]),
      ...(sessions?.thinkMs ? [["Think time (ms)", sessions.thinkMs] as const] : []),
      ...(sharing === null ? [] : [["Shared blocks", sharing.depth] as const]),
    ]),
    "",
    ...sharingLines(sharing),
  );
  return `${lines.join("\n")}\n`;
}

function sharingLines(sharing: SharingProfile | null): string[] {
  if (sharing === null) return ["Prefix sharing: none (no prompt has a block of another)"];
  return [
    `Prefix sharing, in blocks of ${sharing.blockSize} tokens`,
    ...facts([
      ["Blocks", whole(sharing.blocks)],
      ["Different blocks", whole(sharing.distinctBlocks)],
      ["Prompts that share", percent(sharing.sharingPrompts)],
      [
        "Hit rate, boundless cache",
        `${percent(sharing.infiniteHitRate)} of all blocks, ${percent(sharing.infiniteHitRateWholeBlocks)} of whole blocks`,
      ],
    ]),
    "",
    "LRU cache      tokens   hit rate",
    ...sharing.lru.map(
      ({ blocks, tokens, hitRate }) =>
        `${whole(blocks).padStart(9)}${whole(tokens).padStart(12)}${percent(hitRate).padStart(11)}  ${"#".repeat(Math.round(hitRate * 40))}`,
    ),
  ];
}

function distributionTable(rows: readonly (readonly [string, Distribution])[]): string[] {
  const columns = ["mean", "std", "min", "p25", "p50", "p75", "p90", "p95", "p99", "max"] as const;
  const cells = rows.map(([name, distribution]) => [name, ...columns.map((column) => short(distribution[column]))]);
  const table = [["", ...columns], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
}

function facts(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function decimals(value: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function short(value: number): string {
  return Number.isInteger(value) ? whole(value) : value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
