import { nonNegativeFit } from "../calibration/non-negative-fit.ts";
import type { KernelFamily } from "./kernel-family.ts";
import { kernelFamilies } from "./kernel-family.ts";
import type { RuntimeConstants, ServerRuntime } from "./run-overheads.ts";

/** A deployment's measured times beside the modelled ones; ms. */
export interface ObservedDeployment {
  readonly runtime: ServerRuntime;
  readonly family: KernelFamily;
  readonly layers: number;
  readonly hasExpertGroups: boolean;
  /** Means over the simulated passes that emit tokens. */
  readonly sequencesPerPass: number;
  readonly promptPassesPerPass: number;
  /** Share of a pass's time that shows in the time per token. */
  readonly share: number;
  /** Time per output token. */
  readonly modelledMs: number;
  readonly measuredMs: number;
}

/** A deployment's time to first token, simulated with its overheads, beside the measured one; ms. */
export interface ObservedFirstToken {
  readonly promptTokens: number;
  readonly modelledMs: number;
  readonly measuredMs: number;
}

/** Natural sizes of the terms: what is drawn to 0, and how strongly. */
const scales = { hostMs: 0.5, perSequenceMs: 0.02, perLayerMs: 0.03, frontEndMs: 20, perPromptTokenMs: 0.02 } as const;
const PULL = 0.04;
/** Relative errors beyond this count less and less (soft L1). */
const OUTLIER = 0.05;
const ROUNDS = 40;

/**
 * Overheads of the runtimes of one backend: host terms of each, layer terms common to them. Robust least squares on the
 * logarithms of the times per token; a term without evidence stays 0.
 */
export function fitRuntimeOverheads(
  observed: readonly ObservedDeployment[],
): Map<ServerRuntime, Omit<RuntimeConstants, "frontEndMs" | "frontEndPerPromptTokenUs">> {
  const runtimes = [...new Set(observed.map(({ runtime }) => runtime))];
  const families = kernelFamilies.filter((name) => observed.some(({ family }) => family === name));
  // Layer terms may be below 0: each is the difference of two columns.
  const rows = observed.map((one) => {
    const { share, layers } = one;
    const host = runtimes.flatMap((runtime) =>
      runtime === one.runtime
        ? [share, share * one.sequencesPerPass, share * one.promptPassesPerPass * layers]
        : [0, 0, 0],
    );
    const layer = families.flatMap((family) => (family === one.family ? [share * layers, -share * layers] : [0, 0]));
    return [...host, one.hasExpertGroups ? share * layers : 0, ...layer];
  });
  const { hostMs, perSequenceMs, perLayerMs } = scales;
  const sizes = [
    ...runtimes.flatMap(() => [hostMs, perSequenceMs, perLayerMs]),
    perLayerMs,
    ...families.flatMap(() => [perLayerMs, perLayerMs]),
  ];
  const found = robustFit(
    rows,
    observed.map(({ modelledMs }) => modelledMs),
    observed.map(({ measuredMs }) => measuredMs),
    sizes,
  );
  const afterHost = 3 * runtimes.length;
  const perLayerUs: Partial<Record<KernelFamily, number>> = {};
  for (const [i, family] of families.entries()) {
    perLayerUs[family] = rounded(1e3 * (found[afterHost + 1 + 2 * i]! - found[afterHost + 2 + 2 * i]!), 2);
  }
  return new Map(
    runtimes.map((runtime, i) => [
      runtime,
      {
        hostMs: rounded(found[3 * i]!, 4),
        hostPerSequenceMs: rounded(found[3 * i + 1]!, 5),
        promptPassPerLayerUs: rounded(1e3 * found[3 * i + 2]!, 2),
        expertGroupsPerLayerUs: rounded(1e3 * found[afterHost]!, 2),
        perLayerUs,
      },
    ]),
  );
}

/** The way from client to scheduler, fitted likewise. */
export function fitFrontEnd(
  observed: readonly ObservedFirstToken[],
): Pick<RuntimeConstants, "frontEndMs" | "frontEndPerPromptTokenUs"> {
  const [base, perToken] = robustFit(
    observed.map(({ promptTokens }) => [1, promptTokens]),
    observed.map(({ modelledMs }) => modelledMs),
    observed.map(({ measuredMs }) => measuredMs),
    [scales.frontEndMs, scales.perPromptTokenMs],
  ) as [number, number];
  return { frontEndMs: rounded(base, 2), frontEndPerPromptTokenUs: rounded(1e3 * perToken, 2) };
}

/** Coefficients ≥ 0 that bring `base + rows · coefficients` to `values` in proportion; Gauss-Newton, reweighted. */
function robustFit(
  rows: readonly (readonly number[])[],
  base: readonly number[],
  values: readonly number[],
  sizes: readonly number[],
): number[] {
  let scaled = sizes.map(() => 0);
  const none = sizes.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    const weighted: number[][] = [];
    const targets: number[] = [];
    for (const [i, row] of rows.entries()) {
      const added = row.reduce((sum, x, j) => sum + x * sizes[j]! * scaled[j]!, 0);
      const predicted = Math.max(base[i]! + added, 0.2 * base[i]!);
      const residual = Math.log(predicted / values[i]!);
      const weight = (1 + (residual / OUTLIER) ** 2) ** -0.25;
      const slopes = row.map((x, j) => (weight * x * sizes[j]!) / predicted);
      weighted.push(slopes);
      targets.push(slopes.reduce((sum, slope, j) => sum + slope * scaled[j]!, 0) - weight * residual);
    }
    const next = nonNegativeFit(
      weighted,
      targets,
      none,
      sizes.map(() => PULL),
    );
    // Half steps keep reweighting from swinging.
    scaled = scaled.map((value, j) => (value + next[j]!) / 2);
  }
  return scaled.map((value, j) => value * sizes[j]!);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
