import { array, assert, constantFrom, integer, property } from "../../../test/seeded-properties.ts";
import { expect, it } from "vitest";
import { frontEnd, gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import { kedaPolicy } from "./keda-policy.ts";

/**
 * KEDA's rules for none and some told once more, from its pkg/scaling/executor/scale_scaledobjects.go. The
 * autoscaler it keeps always wants one replica here: what changes is KEDA's doing.
 */
class ScaleLoop {
  private active: number | null = null;
  private readonly settings: { least: number; idle: boolean; cooldown: number; initial: number };

  constructor(settings: { least: number; idle: boolean; cooldown: number; initial: number }) {
    this.settings = settings;
  }

  poll(isActive: boolean, replicas: number, now: number): number {
    const { least, idle, cooldown, initial } = this.settings;
    if (isActive) {
      this.active = now;
      const asleep = (idle && replicas < least) || replicas === 0;
      return asleep ? Math.max(1, least) : replicas;
    }
    const canSleep = (idle && replicas > 0) || (replicas > 0 && least === 0);
    if (!canSleep) return replicas < least && !idle ? least : replicas;
    const isOver = this.active === null ? initial <= now : this.active + cooldown <= now;
    return isOver ? 0 : replicas;
  }
}

it("goes to and from none when KEDA would", () => {
  assert(
    property(
      constantFrom(0, 1, 3),
      constantFrom(null, 0),
      constantFrom(0, 60, 300),
      constantFrom(0, 90),
      array(integer({ min: 0, max: 3 }), { minLength: 40, maxLength: 40 }),
      (least, idleReplicas, cooldown, initial, loads) => {
        const idle = idleReplicas !== null && least > 0;
        const policy = kedaPolicy.create(
          {
            min_replicas: least,
            idle_replicas: idle ? 0 : null,
            cooldown_period_seconds: cooldown,
            initial_cooldown_period_seconds: initial,
            activation_threshold: 2,
            threshold: 100,
          },
          policyContext(),
        );
        const loop = new ScaleLoop({ least, idle, cooldown, initial });
        let replicas = Math.max(1, least);
        for (const [i, waiting] of loads.entries()) {
          const now = 15 * (i + 1);
          const expected = now % 30 === 0 ? loop.poll(waiting > 2, replicas, now) : replicas;
          const workers = Array.from({ length: replicas }, (_, id) => gauges(id));
          const agg = pool(
            workers.map(() => ({})),
            { workers },
          );
          const seen = observation(now, { agg }, quietWindow(15), frontEnd({ atRouter: waiting }));
          expect(policy.onTick(seen).replicas.agg, `at ${now} s, ${replicas} replicas, ${waiting} waiting`).toBe(
            expected,
          );
          replicas = expected;
        }
      },
    ),
  );
});
