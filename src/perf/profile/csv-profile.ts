import type { PassTimeGrid } from "./pass-time-grid.ts";
import { ProfileError } from "./profile-error.ts";

const header = "phase,tokens,context,ms";

/**
 * The grid of a plain CSV profile with columns phase, tokens, context, ms. A "prefill" row gives the time of a pass
 * over `tokens` prompt tokens (context empty), a "decode" row that of a pass with `tokens` of cache in use and a mean
 * `context`; every pair of the decode rows' tokens and contexts must be there.
 * @throws ProfileError naming the line
 */
export function csvGrid(path: string, text: string): PassTimeGrid {
  const lines = text.split(/\r?\n/);
  if ((lines[0] ?? "").replaceAll(" ", "").toLowerCase() !== header) {
    throw new ProfileError(`${path}:1: found "${lines[0] ?? ""}", expected the header ${header}`);
  }
  const prefill = new Map<number, number>();
  const decode = new Map<number, Map<number, number>>();
  const contexts = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const [phase, ...cells] = line.split(",").map((cell) => cell.trim());
    const [tokens, context, ms] = cells.map((cell) => (cell === "" ? Number.NaN : Number(cell)));
    const where = `${path}:${index + 1}`;
    if (phase !== "prefill" && phase !== "decode") {
      throw new ProfileError(`${where}: phase: found "${phase}", expected "prefill" or "decode"`);
    }
    if (!isAmount(tokens) || !isAmount(ms) || (phase === "decode" && !isAmount(context))) {
      throw new ProfileError(
        `${where}: expected numbers of at least 0 in ${phase === "decode" ? "tokens, context and ms" : "tokens and ms"}`,
      );
    }
    const row = phase === "prefill" ? prefill : (decode.get(tokens!) ?? new Map<number, number>());
    const key = phase === "prefill" ? tokens! : context!;
    if (row.has(key)) throw new ProfileError(`${where}: a second ${phase} row with the same tokens and context`);
    row.set(key, ms!);
    if (phase === "prefill") continue;
    contexts.add(context!);
    decode.set(tokens!, row);
  }
  const ascending = (keys: Iterable<number>) => [...keys].toSorted((a, b) => a - b);
  const decodeContextTokens = ascending(contexts);
  const prefillTokens = ascending(prefill.keys());
  const decodeActiveTokens = ascending(decode.keys());
  return {
    prefillTokens,
    prefillMs: prefillTokens.map((tokens) => prefill.get(tokens)!),
    decodeActiveTokens,
    decodeContextTokens,
    decodeMs: decodeActiveTokens.map((tokens) =>
      decodeContextTokens.map((context) => {
        const ms = decode.get(tokens)!.get(context);
        if (ms === undefined)
          throw new ProfileError(`${path}: no decode row with tokens ${tokens} and context ${context}`);
        return ms;
      }),
    ),
  };
}

function isAmount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}
