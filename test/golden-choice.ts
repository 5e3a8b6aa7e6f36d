import type { RouterRole } from "../src/router/target-cost.ts";
import type { TargetChoice } from "../src/router/target-choice.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { GoldenRow } from "./golden-case.ts";

/**
 * Follows the decisions of a recorded run whose router broke ties at random, and notes every decision that was not the
 * cheapest by our costs.
 */
export class GoldenChoices {
  readonly violations: string[] = [];
  readonly byRole: Readonly<Record<RouterRole, TargetChoice>>;
  private readonly trace: Trace;
  private readonly closedLoop: boolean;
  private readonly rowsOf = new Map<string, GoldenRow[]>();
  private readonly rowOf = new Map<number, GoldenRow>();

  /** @param closedLoop requests are offered when others finish, so rows are told apart by their lengths only */
  constructor(trace: Trace, rows: readonly GoldenRow[], closedLoop = false) {
    this.trace = trace;
    this.closedLoop = closedLoop;
    for (const row of rows) {
      const key = keyOf(closedLoop ? 0 : row.arrivalMs, row.inputLength, row.outputLength);
      this.rowsOf.set(key, [...(this.rowsOf.get(key) ?? []), row]);
    }
    const follow = (role: RouterRole): TargetChoice => ({
      choose: (costs, ids, request) => this.choose(role, costs, ids, request),
    });
    this.byRole = { aggregated: follow("aggregated"), prefill: follow("prefill"), decode: follow("decode") };
  }

  private choose(role: RouterRole, costs: readonly number[], ids: readonly number[], request: number): number {
    const least = Math.min(...costs);
    const pick = (row: GoldenRow) => ids.indexOf(role === "prefill" ? row.prefillWorker : row.worker);
    const known = this.rowOf.get(request);
    // Rows alike in arrival and lengths may stand for each other.
    const rows = known === undefined ? this.candidates(request) : [known];
    const row = rows.find((each) => costs[pick(each)] === least) ?? rows[0]!;
    if (known === undefined) {
      this.rowOf.set(request, row);
      rows.splice(rows.indexOf(row), 1);
    }
    const index = pick(row);
    if (costs[index] !== least) {
      this.violations.push(`request ${request}: ${role} target ${ids[index]} of costs ${costs.join(", ")}`);
    }
    return index;
  }

  private candidates(request: number): GoldenRow[] {
    const { arrivalMs, inputLength, outputLength } = this.trace;
    const atMs = this.closedLoop ? 0 : arrivalMs[request]!;
    return this.rowsOf.get(keyOf(atMs, inputLength[request]!, outputLength[request]!))!;
  }
}

function keyOf(arrivalMs: number, inputLength: number, outputLength: number): string {
  return `${arrivalMs} ${inputLength} ${outputLength}`;
}
