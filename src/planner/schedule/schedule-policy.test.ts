import { assert, integer, property } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { observation, plannerConfig, pool } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import { calendarTime, daysFromCivil, epochSecondsOf } from "./calendar.ts";
import { parseCron } from "./cron.ts";
import { schedulePolicy } from "./schedule-policy.ts";

const at = (text: string): number => epochSecondsOf(text)!;

describe("calendar", () => {
  it("agrees with the platform's own", () => {
    assert(
      property(integer({ min: -2_000_000_000, max: 8_000_000_000 }), (seconds) => {
        const date = new Date(seconds * 1000);
        expect(calendarTime(seconds)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          weekday: date.getUTCDay(),
          hour: date.getUTCHours(),
          minute: date.getUTCMinutes(),
        });
      }),
    );
    expect(daysFromCivil(2000, 2, 29) * 86_400_000).toBe(Date.UTC(2000, 1, 29));
  });

  it("reads times and refuses what is none", () => {
    expect(at("2024-01-01T08:30:00Z")).toBe(Date.UTC(2024, 0, 1, 8, 30) / 1000);
    expect(at("2024-01-01")).toBe(Date.UTC(2024, 0, 1) / 1000);
    for (const text of ["2023-02-29", "2024-13-01", "2024-01-01T24:00Z", "soon"])
      expect(epochSecondsOf(text)).toBeNull();
  });
});

/** Firing times within a span, as the platform's calendar writes them. */
function firings(line: string, from: string, count: number): string[] {
  const cron = parseCron(line);
  if (typeof cron === "string") throw new Error(cron);
  const times: string[] = [];
  let now = at(from);
  for (let i = 0; i < count; i++) {
    now = cron.nextAfter(now)!;
    times.push(new Date(now * 1000).toISOString().slice(0, 16));
    expect(cron.lastAt(now)).toBe(now);
  }
  return times;
}

describe("crontab lines, as crontab(5) explains them", () => {
  it("runs five minutes after midnight, every day", () => {
    expect(firings("5 0 * * *", "2024-01-01", 2)).toEqual(["2024-01-01T00:05", "2024-01-02T00:05"]);
  });

  it("runs at 2:15 pm on the first of every month", () => {
    expect(firings("15 14 1 * *", "2024-01-15", 2)).toEqual(["2024-02-01T14:15", "2024-03-01T14:15"]);
  });

  it("runs at 10 pm on weekdays", () => {
    expect(firings("0 22 * * 1-5", "2024-01-05T12:00", 2)).toEqual(["2024-01-05T22:00", "2024-01-08T22:00"]);
  });

  it("runs 23 minutes after every second hour", () => {
    expect(firings("23 0-23/2 * * *", "2024-01-01T01:00", 2)).toEqual(["2024-01-01T02:23", "2024-01-01T04:23"]);
  });

  it("takes a step from one number on for one up to the end", () => {
    const times = ["2024-01-01T00:05", "2024-01-01T00:25", "2024-01-01T00:45", "2024-01-01T01:05"];
    expect(firings("5/20 * * * *", "2024-01-01", 4)).toEqual(times);
  });

  it("fires on either day where both day fields are restricted: the 1st, the 15th and every Friday", () => {
    expect(firings("30 4 1,15 * 5", "2024-02-01T00:00", 4)).toEqual([
      "2024-02-01T04:30",
      "2024-02-02T04:30",
      "2024-02-09T04:30",
      "2024-02-15T04:30",
    ]);
  });

  it("knows names, Sunday as 7, and macros", () => {
    expect(firings("0 8 * jan sun", "2024-01-01", 1)).toEqual(["2024-01-07T08:00"]);
    expect(firings("0 8 * * 7", "2024-01-01", 1)).toEqual(["2024-01-07T08:00"]);
    expect(firings("@hourly", "2024-01-01T00:30", 1)).toEqual(["2024-01-01T01:00"]);
    expect(firings("0 0 29 2 *", "2024-03-01", 1)).toEqual(["2028-02-29T00:00"]);
  });

  it.each(["* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "a * * * *", "* * 0 * *"])("refuses %s", (line) => {
    expect(typeof parseCron(line)).toBe("string");
  });

  it("has no firings where no day matches", () => {
    const cron = parseCron("0 0 31 2 *");
    expect(typeof cron === "string" ? "" : cron.nextAfter(at("2024-01-01"))).toBeNull();
  });
});

describe("the schedule policy", () => {
  const context = policyContext();

  it("holds each entry until the next, waking up only for changes", () => {
    const entries = [
      { at_seconds: 60, replicas: 4 },
      { at_seconds: 600, replicas: 2 },
    ];
    const policy = schedulePolicy.create({ entries }, context);
    expect(policy.firstTickSeconds()).toBe(0);
    const before = policy.onTick(observation(0, { agg: pool([{}, {}]) }));
    expect(before).toMatchObject({ replicas: { agg: 2 }, nextTickSeconds: 60 });
    expect(policy.onTick(observation(60, { agg: pool([{}, {}]) }))).toMatchObject({
      replicas: { agg: 4 },
      nextTickSeconds: 600,
      reason: "The schedule has 4 replicas since second 60.",
    });
    expect(policy.onTick(observation(600, { agg: pool([{}]) }))).toMatchObject({
      replicas: { agg: 2 },
      nextTickSeconds: null,
    });
  });

  it("repeats, and leads by the start-up time", () => {
    const entries = [
      { at_seconds: 0, replicas: 1 },
      { at_seconds: 50, replicas: 3 },
    ];
    const slow = policyContext({ startupSeconds: 20 });
    const policy = schedulePolicy.create({ entries, repeat_seconds: 100, lead_seconds: null }, slow);
    const targets = [0, 30, 80, 130].map((now) => policy.onTick(observation(now, { agg: pool([{}]) })));
    expect(targets.map(({ replicas }) => replicas.agg)).toEqual([1, 3, 1, 3]);
    expect(targets.map(({ nextTickSeconds }) => nextTickSeconds)).toEqual([30, 80, 130, 180]);
  });

  it("reads crontab lines as of clock_start", () => {
    const entries = [
      { cron: "0 8 * * 1-5", replicas: 6 },
      { cron: "0 20 * * *", replicas: 1 },
    ];
    const policy = schedulePolicy.create({ entries, clock_start: "2024-01-05T07:30:00Z" }, context);
    expect(policy.onTick(observation(0, { agg: pool([{}]) }))).toMatchObject({
      replicas: { agg: 1 },
      nextTickSeconds: 1800,
    });
    expect(policy.onTick(observation(1800, { agg: pool([{}]) }))).toMatchObject({
      replicas: { agg: 6 },
      reason: 'The schedule has 6 replicas since "0 8 * * 1-5".',
    });
  });

  it("keeps the budget", () => {
    const policy = schedulePolicy.create({ entries: [{ at_seconds: 0, replicas: 20 }] }, context);
    expect(policy.onTick(observation(0, { agg: pool([{}]) })).replicas).toEqual({ agg: 8 });
  });

  it("refuses entries that are none", () => {
    const found: string[] = [];
    const given = { entries: [{ replicas: 1 }, { cron: "nonsense", replicas: 2 }], clock_start: "yesterday" };
    schedulePolicy.check(given, { ...context, dynamo: plannerConfig() }, (key) => found.push(key));
    expect(found).toEqual(["clock_start", "entries[0]", "entries[1].cron"]);
  });
});
