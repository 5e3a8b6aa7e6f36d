import type { RunPageData } from "../page-data.ts";
import { element } from "./dom.ts";
import { clock, count } from "./format.ts";

/** How much time around a failure is shown, seconds to either side. */
const around = 60;
/** More failures than these are told by their number. */
const mostListed = 12;

/** What clients and failing workers did to a run; null where neither was asked for. */
export function disruptionNotes(run: RunPageData, showStretch: (from: number, to: number) => void): HTMLElement | null {
  const { disruptions } = run;
  if (disruptions === undefined) return null;
  const { worker_failures: failures } = disruptions;
  const clients = [
    told(disruptions.timed_out_requests, "request timed out", "requests timed out"),
    told(disruptions.canceled_requests, "was given up by its user", "were given up by their users"),
    told(disruptions.retried_requests, "was tried again", "were tried again"),
    told(disruptions.wasted_output_tokens, "output token went to nobody", "output tokens went to nobody"),
  ].filter((text) => text !== "");
  const workers = [
    told(disruptions.migrations, "move of a request to another worker", "moves of requests to other workers"),
    told(disruptions.lost_requests, "request lost with its worker", "requests lost with their worker"),
  ].filter((text) => text !== "");
  const shown = failures.slice(0, mostListed).flatMap((failure, place) => [
    place === 0 ? "" : ", ",
    element("button", {
      class: "link",
      text: clock(failure.t_s),
      title: "Show this moment in all charts",
      attributes: { type: "button" },
      onClick: () => showStretch(failure.t_s - around, failure.t_s + around),
    }),
    ` (${failureWords(failure, run.mode === "disagg")})`,
  ]);
  const more = failures.length > mostListed ? `, and ${count(failures.length - mostListed)} more` : "";
  const lines = [
    clients.length === 0
      ? null
      : element("li", { children: [element("b", { text: "Clients: " }), `${clients.join(", ")}.`] }),
    failures.length + workers.length === 0
      ? null
      : element("li", {
          children: [
            element("b", {
              text: failures.length === 1 ? "1 worker failed: " : `${count(failures.length)} workers failed: `,
            }),
            ...shown,
            `${more}${workers.length === 0 ? "" : `${failures.length === 0 ? "" : "; "}${workers.join(", ")}`}.`,
          ],
        }),
  ].filter((line) => line !== null);
  const none = element("li", { text: "Nothing: no client gave up, no worker failed." });
  return element("section", {
    class: "disruptions",
    attributes: { "aria-label": "Disruptions" },
    children: [
      element("h2", { class: "small-head", text: "Disruptions" }),
      element("ul", { children: lines.length === 0 ? [none] : lines }),
    ],
  });
}

type Failure = NonNullable<RunPageData["disruptions"]>["worker_failures"][number];

function failureWords({ pool, worker, state, requests, replacement }: Failure, severalPools: boolean): string {
  if (state === "absent") return `there was no ${severalPools ? `${pool} ` : ""}worker ${worker} then`;
  const name = `${severalPools ? `${pool} ` : ""}worker ${worker}`;
  const what = state === "active" ? told(requests, "request", "requests") || "idle" : state;
  return `${name}, ${what}${replacement === null ? ", not replaced" : `, replaced by ${replacement}`}`;
}

function told(number: number, one: string, several: string): string {
  return number === 0 ? "" : `${count(number)} ${number === 1 ? one : several}`;
}
