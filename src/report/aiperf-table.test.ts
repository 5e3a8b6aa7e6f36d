import { expect, test } from "vitest";
import { scalingEventLines } from "./aiperf-table.ts";

// As ai-dynamo 1.4.2 prints them: f"  t={event.at_s:.1f}s [{event.component}]: …".
test("scaling events are listed with their time to a tenth of a second", () => {
  const event = { t_s: 60, pool: "decode", from: 1, to: 3, kind: "scale_up", reason: "" } as const;
  const events = [
    event,
    { ...event, t_s: 122.25, pool: "prefill" as const, from: 3, to: 2, kind: "scale_down" as const },
  ];
  expect(scalingEventLines(events)).toBe(
    "\nScaling events:\n  t=60.0s [decode]: 1 -> 3 workers (scale_up)\n  t=122.2s [prefill]: 3 -> 2 workers (scale_down)\n",
  );
  expect(scalingEventLines([])).toBe("");
});
