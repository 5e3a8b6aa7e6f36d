import { markdownTables } from "../study/study-tables.ts";
import type { TextTable } from "../study/study-tables.ts";
import { replayOptions } from "../config/replay-option-table.ts";
import { optionFlag, optionKey, type ReplayOptions } from "../config/replay-options.ts";
import type { Outcome } from "./search.ts";
import { shareText } from "../share-text.ts";
import { growth, tunedAttainment } from "./recommendation.ts";
import type { PartFigures, RankedSetting, Recommendation } from "./recommendation.ts";

/** What a recommendation is told with beside itself. */
export interface RecommendationFacts {
  /** As they were given; none for requests that were made up. */
  readonly traces: readonly string[];
  readonly splitSeconds: number;
  readonly attainment: number;
  readonly margin: number;
  readonly stress: number;
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  /** Price of a GPU-hour; null = none given. */
  readonly gpuPrice: number | null;
  /** What is to be known of the pass times; null = nothing. */
  readonly caution: string | null;
}

/** The recommendation in words and tables, as Markdown. */
export function recommendationText(found: Recommendation, facts: RecommendationFacts): string {
  const { ranking, asGiven } = found;
  const [first] = ranking;
  const bounds = [
    facts.ttftMs === null ? null : `TTFT ${facts.ttftMs} ms`,
    facts.itlMs === null ? null : `ITL ${facts.itlMs} ms`,
  ].filter((bound) => bound !== null);
  const goal = `${shareText(facts.attainment)} of requests within ${bounds.join(" and ")}`;
  const lines = [
    `# Recommendation for ${facts.traces.length === 0 ? "synthetic requests" : facts.traces.join(" ")}`,
    "",
    `Wanted: ${goal}, for the fewest GPU-hours. Tuned on the first ${facts.splitSeconds.toFixed(0)} s, asking for ${shareText(tunedAttainment(facts))} there; finalists also had to hold on two overlapping ranges of it${facts.stress === 1 ? "" : ` and with arrivals ${facts.stress} times as fast`}. The figures of the rest, which the search has not seen, are "held out". ${found.runs} ${found.runs === 1 ? "run" : "runs"}${found.failed > 0 ? `, ${found.failed} of them failed` : ""}.`,
    "",
  ];
  if (first === undefined) return `${[...lines, noneFinished(found)].join("\n")}\n`;
  const kindsText = kindsTold(ranking, facts);
  const kinds = kindsText === null ? [] : [kindsText, ""];
  lines.push(
    verdict(first, asGiven, facts),
    "",
    ...kinds,
    ...(facts.caution === null ? [] : [`Mind: ${facts.caution}.`, ""]),
    "Run it with:",
    "",
    "```",
    commandOf(first.options, facts.traces),
    "```",
    "",
  );
  const table = rankingTable(ranking, first === asGiven ? null : asGiven, facts);
  return `${lines.join("\n")}\n${markdownTables([table])}`;
}

function noneFinished({ firstFailure }: Recommendation): string {
  return firstFailure === null ? "No run has finished." : `No run has finished. The first failed: ${firstFailure}`;
}

function verdict(first: RankedSetting, asGiven: RankedSetting | null, facts: RecommendationFacts): string {
  const { tuned, worst, heldOut } = first;
  const sentences: string[] = [];
  const holds = (figures: Outcome | null): boolean => figures !== null && figures.attainment >= facts.attainment;
  if (!holds(worst) || tuned === null) {
    sentences.push(
      `**No setting tried holds it.** The nearest, ${told(first)}, attains ${shareText(worst?.attainment ?? 0)} in its worst test.`,
    );
  } else {
    const advice =
      first === asGiven
        ? `Keep the setting as given (${first.policy}): nothing found holds for less`
        : `Run ${told(first)}`;
    sentences.push(
      `**${advice}.** It attains ${shareText(tuned.attainment)} for ${spent(tuned, facts)} while tuning, ${shareText(worst!.attainment)} in its worst test.`,
    );
  }
  if (heldOut !== null) {
    const result = holds(heldOut)
      ? `it holds there${holds(worst) ? " too" : ""}`
      : `it falls ${points(facts.attainment - heldOut.attainment)} short there`;
    sentences.push(
      `On the held-out part it attains ${shareText(heldOut.attainment)} for ${spent(heldOut, facts)}: ${result}.`,
    );
  }
  const other = asGiven?.heldOut ?? null;
  if (first !== asGiven && other !== null && heldOut !== null) {
    sentences.push(
      `The setting as given attains ${shareText(other.attainment)} for ${hours(other)} there: the recommended one is ${besideGiven(heldOut, other)}.`,
    );
  }
  return sentences.join(" ");
}

/** How much better or worse one outcome is than another, and for how much more or less. */
function besideGiven(one: Outcome, other: Outcome): string {
  const gain = one.attainment - other.attainment;
  const better = gain === 0 ? "as good" : `${points(Math.abs(gain))} ${gain > 0 ? "better" : "worse"}`;
  const percent = ((one.gpuHours / other.gpuHours - 1) * 100).toFixed(0);
  if (Number(percent) === 0) return `${better} for about the same GPU-hours`;
  return `${better} for ${percent.replace("-", "")} % ${percent.startsWith("-") ? "fewer" : "more"} GPU-hours`;
}

/** What the cheapest settings of each kind take, for who has to choose between kinds; null where there is one kind. */
function kindsTold(ranking: readonly RankedSetting[], facts: RecommendationFacts): string | null {
  const kinds: readonly (readonly [name: string, isOf: (setting: RankedSetting) => boolean])[] = [
    ["fixed fleet", ({ policy }) => policy === "static"],
    ["autoscaler", ({ policy }) => policy !== "static"],
    ["aggregated", ({ topology }) => topology === "agg"],
    ["disaggregated", ({ topology }) => topology === "disagg"],
  ];
  const lines = kinds.map(([kind, isOf]) => {
    const of = ranking.filter(isOf);
    const holding = of.filter(({ worst }) => worst !== null && worst.attainment >= facts.attainment);
    const costs = holding.flatMap((setting) => (setting.tuned === null ? [] : [{ setting, tuned: setting.tuned }]));
    const cheapest = costs.toSorted((a, b) => a.tuned.gpuHours - b.tuned.gpuHours)[0];
    const text =
      cheapest === undefined ? "none listed holds" : `${told(cheapest.setting)}, ${spent(cheapest.tuned, facts)}`;
    return { of: of.length, text: `- cheapest ${kind}: ${text}` };
  });
  const pairs = [lines.slice(0, 2), lines.slice(2)].filter((pair) => pair.every(({ of }) => of > 0)).flat();
  if (pairs.length === 0) return null;
  return ["Kind by kind, of those that hold, while tuning:", "", ...pairs.map(({ text }) => text)].join("\n");
}

function told(setting: RankedSetting): string {
  const { name, topology, tensorParallel } = setting;
  const settings = settingsOf(setting);
  const shape = `${topology === "agg" ? "aggregated" : "disaggregated"}, tensor parallel ${tensorParallel}`;
  return `${name} (${shape}${Object.keys(settings).length === 0 ? ", defaults" : `, ${settingsText(settings)}`})`;
}

/** @param beside shown below, without a rank */
function rankingTable(
  ranking: readonly RankedSetting[],
  beside: RankedSetting | null,
  { attainment }: RecommendationFacts,
): TextTable {
  const cells = (figures: PartFigures | null): string[] =>
    figures === null
      ? ["failed", "–", "–", "–"]
      : [
          `${shareText(figures.attainment)}${figures.attainment >= attainment ? "" : " ✗"}`,
          figures.gpuHours.toFixed(3),
          figures.meanGpus === null ? "–" : figures.meanGpus.toFixed(1),
          String(figures.events),
        ];
  const entries = beside === null ? ranking : [...ranking, beside];
  return {
    title: "Ranked by the part they were tuned on",
    words: [0, 1, 2, 14],
    head: [
      "#",
      "policy",
      "topology",
      "TP",
      "tuned: attainment",
      "GPU-hours",
      "GPUs",
      "events",
      "worst test",
      `${growth} × the load`,
      "held out: attainment",
      "GPU-hours",
      "GPUs",
      "events",
      "settings",
    ],
    rows: entries.map((setting, i) => {
      const { name, topology, tensorParallel, tuned, worst, grown, heldOut } = setting;
      return [
        i < ranking.length ? String(i + 1) : "–",
        name,
        topology,
        String(tensorParallel),
        ...cells(tuned),
        worst === null ? "–" : shareText(worst.attainment),
        grown === null ? "–" : shareText(grown.attainment),
        ...cells(heldOut),
        settingsText(settingsOf(setting)),
      ];
    }),
  };
}

/** What makes a setting; of a fixed fleet always its size, also where that is as given. */
function settingsOf({ name, policy, options, settings }: RankedSetting): Readonly<Record<string, unknown>> {
  if (policy !== "static" || name === "as given") return settings;
  const size = (["numWorkers", "numPrefillWorkers", "numDecodeWorkers"] as const).flatMap((key) =>
    options[key] === undefined ? [] : [[`run.${key}`, options[key]]],
  );
  return { ...Object.fromEntries(size), ...settings };
}

function settingsText(settings: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(settings).map(([key, value]) => {
    const own = key.replace(/^policy\./, "");
    // Options of a run as files and result call them.
    const name = own.replace(/^run\.(.*)$/, (_, option: string) => optionFlag(option).replaceAll("-", "_"));
    return `${name}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
  });
  return entries.length === 0 ? "defaults" : entries.join(" ");
}

/** The command line of a setting; documents are written out in place. */
export function commandOf(options: ReplayOptions, traces: readonly string[]): string {
  const parts = [["windtunnel replay", ...traces.map(quoted)].join(" ")];
  for (const { flag, kind } of replayOptions) {
    const value = options[optionKey(flag)];
    if (value === undefined || flag === "trace") continue;
    if (kind === "switch") parts.push(value === true ? `--${flag}` : "");
    else parts.push(`--${flag} ${quoted(typeof value === "object" ? JSON.stringify(value) : String(value))}`);
  }
  return parts.filter((part) => part !== "").join(" \\\n  ");
}

function quoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A difference of shares; one that is there never reads as none. */
function points(share: number): string {
  return shareText(share).replace("%", "points");
}

/** GPU-hours, the GPUs that is on average, and what they cost where their price is known. */
function spent(figures: PartFigures, { gpuPrice }: RecommendationFacts): string {
  const { gpuHours, meanGpus } = figures;
  const facts = [
    meanGpus === null ? "" : `${Number(meanGpus.toFixed(1))} GPU${meanGpus.toFixed(1) === "1.0" ? "" : "s"} on average`,
    gpuPrice === null ? "" : `cost ${(gpuHours * gpuPrice).toFixed(2)}`,
  ].filter((fact) => fact !== "");
  return `${hours(figures)}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
}

function hours({ gpuHours }: PartFigures): string {
  return `${gpuHours.toFixed(2)} GPU-hours`;
}
