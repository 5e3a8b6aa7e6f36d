import { array, assert, constantFrom, integer, property } from "../../../test/seeded-properties.ts";
import { expect, it } from "vitest";
import { gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import { rayServePolicy } from "./ray-serve-policy.ts";

/**
 * Ray Serve's rules told once more, from python/ray/serve/autoscaling_policy.py: a control loop of ten rounds a
 * second that counts the rounds in which the same direction was wanted.
 */
interface Config {
  readonly target: number;
  readonly up: number;
  readonly down: number;
  readonly upFactor: number;
  readonly downFactor: number;
}

const rounds = (seconds: number): number => Math.trunc(seconds / 0.1);

class ControlLoop {
  private counter = 0;
  private readonly config: Config;

  constructor(config: Config) {
    this.config = config;
  }

  round(requests: number, running: number, target: number): number {
    const { config } = this;
    const errorRatio = requests / (config.target * running);
    const raw = running * errorRatio;
    const gain = raw - running > 0 ? config.upFactor : config.downFactor;
    let wanted = Math.ceil(running + gain * (raw - running));
    if (Math.ceil(raw) < running && wanted === running) wanted -= 1;
    wanted = Math.max(0, Math.min(50, wanted));
    if (wanted > target) {
      this.counter = Math.max(this.counter, 0) + 1;
      if (this.counter <= rounds(config.up)) return target;
      this.counter = 0;
      return wanted;
    }
    if (wanted < target) {
      this.counter = Math.min(this.counter, 0) - 1;
      if (this.counter >= -rounds(config.down)) return target;
      this.counter = 0;
      return target === 1 ? wanted : Math.max(1, wanted);
    }
    this.counter = 0;
    return target;
  }
}

const delay = constantFrom(0, 0.3, 5, 10, 25, 30);

it("takes every decision in the round in which Ray's counters run over", () => {
  assert(
    property(
      delay,
      delay,
      constantFrom(0.3, 1, 1.7),
      constantFrom(0.1, 1),
      array(integer({ min: 0, max: 60 }), { minLength: 20, maxLength: 20 }),
      (up, down, upFactor, downFactor, loads) => {
        const policy = rayServePolicy.create(
          {
            target_ongoing_requests: 3,
            upscale_delay_s: up,
            downscale_delay_s: down,
            upscaling_factor: upFactor,
            downscaling_factor: downFactor,
            look_back_period_s: 10,
            min_replicas: 0,
            max_replicas: 50,
          },
          policyContext({}, { limits: { minReplicas: 1, minGpus: null, maxGpus: null } }),
        );
        // Replicas are there at once; a measurement comes every 10 s and is the mean of those 10 s.
        const changes: string[] = [];
        const loop = new ControlLoop({ target: 3, up, down, upFactor, downFactor });
        let theirs = 2;
        for (let tenth = 100; tenth < 2000 && theirs > 0; tenth++) {
          const next = loop.round(loads[Math.floor(tenth / 100) - 1]!, theirs, theirs);
          if (next !== theirs) changes.push(`${(tenth / 10).toFixed(1)}: ${next}`);
          theirs = next;
        }
        const ours: string[] = [];
        let replicas = 2;
        let before = 0;
        for (let now = policy.firstTickSeconds()!; now < 199.95 && replicas > 0;) {
          const workers = Array.from({ length: replicas }, (_, id) => gauges(id));
          const meanInFlight = loads[Math.ceil(now / 10 - 1e-6) - 1]!;
          const agg = pool(
            workers.map(() => ({})),
            { workers, meanInFlight },
          );
          const { replicas: wanted, nextTickSeconds } = policy.onTick(
            observation(now, { agg }, quietWindow(now - before)),
          );
          if (wanted.agg !== replicas) ours.push(`${now.toFixed(1)}: ${wanted.agg}`);
          replicas = wanted.agg!;
          before = now;
          now = nextTickSeconds!;
        }
        expect(ours).toEqual(changes);
      },
    ),
  );
});
