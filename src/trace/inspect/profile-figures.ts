import { shareText } from "../../share-text.ts";
import type { Distribution, SharingProfile, TraceProfile } from "./trace-profile.ts";

/** Figures that belong together, as people read them. */
export interface ProfileFacts {
  readonly title: string;
  readonly rows: ReadonlyArray<readonly [name: string, value: string]>;
}

/** How much a trace holds. */
export function sizeFacts(profile: TraceProfile): ProfileFacts {
  return {
    title: "Size",
    rows: [
      ["Requests", whole(profile.requests)],
      ["Input tokens", whole(profile.inputTokens)],
      ["Output tokens", whole(profile.outputTokens)],
    ],
  };
}

/** When its requests come; null where no span of time is recorded. */
export function arrivalFacts({ arrivals, sessions }: TraceProfile): ProfileFacts | null {
  if (arrivals === null) return null;
  const { peakRequestsPerSecond: peak } = arrivals;
  // Later turns come when those before them are answered: only first turns have a time of their own.
  const [title, unit] = sessions === null ? ["Arrivals", "requests/s"] : ["Arrivals of sessions", "sessions/s"];
  return {
    title,
    rows: [
      ["Duration", `${decimals(arrivals.durationSeconds)} s`],
      ["Rate", `${decimals(arrivals.requestsPerSecond)} ${unit}`],
      ...(peak === null ? [] : [["Busiest minute", `${decimals(peak)} ${unit}`] as const]),
      ["Input", `${whole(arrivals.inputTokensPerSecond)} tokens/s${sessions === null ? "" : " (all turns)"}`],
      ["Output", `${whole(arrivals.outputTokensPerSecond)} tokens/s${sessions === null ? "" : " (all turns)"}`],
      ["Gap variation", `${decimals(arrivals.gapVariation)} (1 = Poisson)`],
      ...arrivals.dispersion.map(
        ({ windowSeconds, index }) =>
          [`Dispersion in ${windowSeconds} s`, `${decimals(index)} (1 = Poisson, more = bursts)`] as const,
      ),
    ],
  };
}

/** What its prompts have in common. */
export function sharingFacts(sharing: SharingProfile): ProfileFacts {
  const ofWhole = sharing.infiniteHitRateWholeBlocks;
  return {
    title: `Prefix sharing, in blocks of ${sharing.blockSize} tokens`,
    rows: [
      ["Blocks", whole(sharing.blocks)],
      ["Different blocks", whole(sharing.distinctBlocks)],
      ["Prompts that share", shareText(sharing.sharingPrompts)],
      [
        "Hit rate, boundless cache",
        `${shareText(sharing.infiniteHitRate)} of all blocks${ofWhole === null ? "" : `, ${shareText(ofWhole)} of whole blocks`}`,
      ],
    ],
  };
}

/** Distributions of what the trace has, a row each below a row of headings. */
export function distributionRows({ inputLength, outputLength, sessions, sharing }: TraceProfile): string[][] {
  const columns = ["mean", "std", "min", "p25", "p50", "p75", "p90", "p95", "p99", "max"] as const;
  const rows: ReadonlyArray<readonly [string, Distribution]> = [
    ["Input tokens", inputLength],
    ["Output tokens", outputLength],
    ...(sessions === null ? [] : [["Turns of a session", sessions.turns] as const]),
    ...(sessions?.thinkMs ? [["Think time (ms)", sessions.thinkMs] as const] : []),
    ...(sharing === null ? [] : [["Shared blocks", sharing.depth] as const]),
  ];
  return [["", ...columns], ...rows.map(([name, values]) => [name, ...columns.map((column) => short(values[column]))])];
}

/** A whole number with grouped thousands. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function decimals(value: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function short(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
