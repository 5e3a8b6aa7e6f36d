import type { SweepRow } from "../sweep/sweep-row.ts";
import type { CellBound } from "./oracle-bound.ts";
import type { StudyPlan } from "./study-plan.ts";

/** Names of the oracles among a study's policies: bounds, not contestants. */
export function oracleNames({ policies }: StudyPlan): ReadonlySet<string> {
  return new Set(policies.filter(({ policy }) => policy === "oracle").map(({ name }) => name));
}

/** What the oracles among a study's policies found, a bound a cell. */
export function plannedBounds(plan: StudyPlan, rows: readonly SweepRow[]): CellBound[] {
  const oracles = oracleNames(plan);
  return rows.flatMap(({ values, figures }) =>
    !oracles.has(String(values["policy"])) || figures?.sla_attainment == null || figures.gpu_hours == null
      ? []
      : [
          {
            trace: String(values["trace"]),
            startupSeconds: values["startup_seconds"] as number,
            seed: values["seed"] as number,
            points: [{ attainment: figures.sla_attainment, gpuHours: figures.gpu_hours }],
          },
        ],
  );
}
