import { selfContainedPage } from "../report/self-contained-page.ts";
import { windtunnelVersion } from "../version.ts";
import type { StudyPageData } from "./page-data.ts";
import type { StudyCell } from "./study-cells.ts";
import type { StudyPlan } from "./study-plan.ts";
import type { PolicySummary } from "./study-summary.ts";

/**
 * The page of a study: one self-contained HTML document that needs no network.
 * @throws Error when the page app has not been built (`npm run build`)
 */
export function renderStudyPage(
  plan: StudyPlan,
  cells: readonly StudyCell[],
  summaries: readonly PolicySummary[],
): string {
  const content: StudyPageData = {
    version: windtunnelVersion,
    ttftMs: plan.ttftMs,
    itlMs: plan.itlMs,
    policies: plan.policies.map(({ name, policy, policyConfig, plannerConfig }) => ({
      name,
      settings: JSON.stringify({
        policy,
        ...(policyConfig === null ? {} : { policy_config: policyConfig }),
        ...(Object.keys(plannerConfig).length === 0 ? {} : { planner_config: plannerConfig }),
      }),
    })),
    cells,
    summaries,
  };
  return selfContainedPage({ app: "study", title: "windtunnel study", content, plain: "" });
}
