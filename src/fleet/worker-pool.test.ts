import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { PassByPassWorker } from "../engine/pass-by-pass/pass-by-pass-worker.ts";
import { WorkerPool } from "./worker-pool.ts";

const steps = fc.array(fc.record({ target: fc.nat(6), afterMs: fc.nat(400) }), { maxLength: 30 });

test("sizes follow the targets, ids are never used again, every worker is billed for its whole life", () => {
  fc.assert(
    fc.property(steps, fc.nat(500), fc.integer({ min: 1, max: 3 }), (changes, startupMs, first) => {
      const pool = new WorkerPool("agg", 2, startupMs * 1e6, () => new PassByPassWorker([]));
      pool.addReady(first, 0);
      const seen = new Set<number>();
      let nowNs = 0;
      let billedNs = 0;
      const look = () => {
        for (const { id } of [...pool.active, ...pool.starting]) seen.add(id);
      };
      look();
      for (const { target, afterMs } of changes) {
        billedNs += pool.size * afterMs * 1e6;
        nowNs += afterMs * 1e6;
        pool.activateReady(nowNs);
        const before = pool.size;
        const starting = pool.starting.map(({ id }) => id);
        const active = pool.active.map(({ id }) => id);
        pool.resize(target, nowNs);
        expect(pool.size).toBe(target);
        // None of them has anything to finish.
        expect(pool.draining).toEqual([]);
        if (target > before) {
          const added = [...pool.active, ...pool.starting].map(({ id }) => id).filter((id) => !seen.has(id));
          expect(added).toHaveLength(target - before);
          expect(Math.min(...added)).toBe(seen.size);
        } else {
          // Those still starting go first, newest first; then the active ones with the highest ids.
          const cancelled = Math.min(before - target, starting.length);
          expect(pool.starting.map(({ id }) => id)).toEqual(starting.slice(0, starting.length - cancelled));
          expect(pool.active.map(({ id }) => id)).toEqual(
            active.slice(0, active.length - (before - target - cancelled)),
          );
        }
        look();
      }
      const spans = pool.finish(nowNs);
      expect(spans.map(({ id }) => id)).toEqual([...seen].toSorted((a, b) => a - b));
      expect(spans.reduce((sum, { createdNs, goneNs }) => sum + goneNs - createdNs, 0)).toBe(billedNs);
      for (const { createdNs, readyNs, goneNs } of spans) {
        expect(goneNs).toBeGreaterThanOrEqual(createdNs);
        if (!Number.isNaN(readyNs)) expect(readyNs).toBeLessThanOrEqual(goneNs);
      }
    }),
  );
});

test("with start-ups of different lengths, workers are active from the instant they are ready, by id", () => {
  const pool = new WorkerPool("agg", 1, 100, () => new PassByPassWorker([]));
  pool.startupFactor = (id) => 3 - id;
  pool.resize(3, 0);
  const activeIds = () => pool.active.map(({ id }) => id);
  expect(pool.nextReadyNs).toBe(100);
  pool.activateReady(99);
  expect(activeIds()).toEqual([]);
  pool.activateReady(100);
  expect(activeIds()).toEqual([2]);
  pool.activateReady(300);
  expect(activeIds()).toEqual([0, 1, 2]);
  expect(pool.nextReadyNs).toBe(Infinity);
});

test("a worker that fails idle has been busy as long as it was, one that fails in a pass no longer than until then", () => {
  const busyFor = (busyUntilNs: number): number => {
    const worker = Object.create(new PassByPassWorker([])) as PassByPassWorker;
    Object.defineProperties(worker, { busyNs: { value: 500 }, busyUntilNs: { value: busyUntilNs } });
    const pool = new WorkerPool("agg", 1, 0, () => worker);
    pool.addReady(1, 0);
    pool.fail(pool.active[0]!, 1000);
    const [span] = pool.finish(2000);
    expect(span).toMatchObject({ failed: true, goneNs: 1000 });
    return span!.busyNs;
  };
  expect(busyFor(800)).toBe(500);
  expect(busyFor(1200)).toBe(300);
});
