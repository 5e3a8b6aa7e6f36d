import { workersFailed } from "../compared-metrics.ts";
import type { ComparedRun, RunPageData } from "../page-data.ts";
import { breakable, element } from "./dom.ts";
import { clock, count } from "./format.ts";
import type { ShowStretch } from "./show-stretch.ts";

/** How much time around a failure is shown, seconds to either side. */
const around = 60;
/** More failures than these are told by their number. */
const mostListed = 12;

type Disruptions = NonNullable<RunPageData["disruptions"]>;
type Failure = Disruptions["worker_failures"][number];

/** What clients and failing workers did to a run; null where neither was asked for. */
export function disruptionNotes(run: RunPageData, showStretch: ShowStretch): HTMLElement | null {
  const list = disruptionList(run, showStretch);
  return list === null ? null : section([element("h2", { class: "small-head", text: "Disruptions" }), list]);
}

/** The same of runs beside each other; null where it was asked for in none. */
export function comparedDisruptions(runs: readonly ComparedRun[], showStretch: ShowStretch): HTMLElement | null {
  const lists = runs.flatMap((run) => {
    const list = disruptionList(run, showStretch);
    return list === null ? [] : [element("h3", { children: breakable(run.label) }), list];
  });
  if (lists.length === 0) return null;
  return section([element("h2", { class: "table-head", text: "Disruptions" }), ...lists]);
}

function section(children: readonly HTMLElement[]): HTMLElement {
  return element("section", { class: "disruptions", attributes: { "aria-label": "Disruptions" }, children });
}

function disruptionList(
  { disruptions, mode }: Pick<RunPageData, "disruptions" | "mode">,
  showStretch: ShowStretch,
): HTMLElement | null {
  if (disruptions === undefined) return null;
  const clients = clientWords(disruptions);
  const workers = workerWords(disruptions);
  const lines: HTMLElement[] = [];
  if (clients !== "") {
    lines.push(element("li", { children: [element("b", { text: "Clients: " }), `${clients}.`] }));
  }
  if (disruptions.worker_failures.length > 0) {
    const failed = workersFailed(disruptions).length;
    const head = failed === 0 ? "No worker failed" : told(failed, "worker failed", "workers failed");
    const moments = failureMoments(disruptions.worker_failures, mode === "disagg", showStretch);
    const rest = workers === "" ? "." : `; ${workers}.`;
    lines.push(element("li", { children: [element("b", { text: `${head}: ` }), ...moments, rest] }));
  }
  const none = element("li", { text: "Nothing: no client gave up, no worker failed." });
  return element("ul", { children: lines.length === 0 ? [none] : lines });
}

function clientWords(disruptions: Disruptions): string {
  return listed([
    told(disruptions.timed_out_requests, "request timed out", "requests timed out"),
    told(disruptions.canceled_requests, "was given up by its user", "were given up by their users"),
    told(disruptions.retried_requests, "was tried again", "were tried again"),
    told(disruptions.wasted_output_tokens, "output token went to nobody", "output tokens went to nobody"),
  ]);
}

function workerWords(disruptions: Disruptions): string {
  return listed([
    told(disruptions.migrations, "move of a request to another worker", "moves of requests to other workers"),
    told(disruptions.lost_requests, "request lost with its worker", "requests lost with their worker"),
  ]);
}

/** When workers failed, each moment leading to the charts. */
function failureMoments(
  failures: readonly Failure[],
  severalPools: boolean,
  showStretch: ShowStretch,
): readonly (Node | string)[] {
  const moments = failures.slice(0, mostListed).flatMap((failure, place) => [
    place === 0 ? "" : ", ",
    element("button", {
      class: "link",
      text: clock(failure.t_s),
      title: "Show this moment in all charts",
      attributes: { type: "button" },
      onClick: () => showStretch(failure.t_s - around, failure.t_s + around),
    }),
    ` (${failureWords(failure, severalPools)})`,
  ]);
  return failures.length > mostListed ? [...moments, `, and ${count(failures.length - mostListed)} more`] : moments;
}

function failureWords({ pool, worker, state, requests, replacement }: Failure, severalPools: boolean): string {
  const name = `${severalPools ? `${pool} ` : ""}worker ${worker}`;
  if (state === "absent") return `there was no ${name} then`;
  const what = state === "active" ? told(requests, "request", "requests") || "idle" : state;
  return `${name}, ${what}${replacement === null ? ", not replaced" : `, replaced by ${replacement}`}`;
}

function told(number: number, one: string, several: string): string {
  return number === 0 ? "" : `${count(number)} ${number === 1 ? one : several}`;
}

function listed(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(", ");
}
