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

/** A pool whose workers have something to do until a time; ns. */
function busyPool(startupNs: number, busyUntilNs: (id: number) => number, heldUntilNs = 0) {
  const left = new Set<number>();
  const pool = new WorkerPool("agg", 1, startupNs, (id) => {
    left.add(id);
    return Object.create(new PassByPassWorker([]), {
      inSystem: { get: () => (left.has(id) ? 1 : 0) },
      busyUntilNs: { get: () => busyUntilNs(id) },
      heldUntilNs: { get: () => heldUntilNs },
      passes: { value: 10 },
      prefillTokens: { value: 100 },
    }) as PassByPassWorker;
  });
  return { pool, finishRequestsOf: (id: number) => left.delete(id) };
}

test("workers that drain serve by id, leave when they have nothing left, and count to the end", () => {
  const { pool, finishRequestsOf } = busyPool(0, (id) => 1000 + id, 1005);
  pool.addReady(4, 0);
  pool.resize(3, 100);
  pool.resize(1, 200);
  expect([...pool.serving()].map(({ id }) => id)).toEqual([0, 1, 2, 3]);
  expect([pool.passes, pool.prefillTokens]).toEqual([40, 400]);
  finishRequestsOf(3);
  pool.removeDrained(1002);
  // Its last pass ends at 1003, and what it computed is held until 1005.
  expect(pool.draining.map(({ id }) => id)).toEqual([1, 2, 3]);
  pool.removeDrained(1003);
  expect(pool.draining.map(({ id }) => id)).toEqual([1, 2]);
  expect([pool.passes, pool.prefillTokens]).toEqual([40, 400]);
  const spans = pool.finish(5000);
  expect(spans.map(({ drainingNs }) => drainingNs)).toEqual([NaN, 200, 200, 100]);
  expect(spans.map(({ goneNs }) => goneNs)).toEqual([5000, 5000, 5000, 1005]);
});

test("a replacement starts when its delay is over, and nobody is billed for less than nothing", () => {
  const { pool } = busyPool(50, () => 0);
  pool.start(100, 25);
  pool.start(100);
  expect(pool.starting.map(({ readyNs }) => readyNs)).toEqual([175, 150]);
  const [first, second] = pool.finish(80);
  expect([first!.createdNs, first!.goneNs]).toEqual([100, 100]);
  expect([first!.readyNs, second!.readyNs]).toEqual([NaN, NaN]);
});

test("a worker started after a replacement that is put off is ready before it", () => {
  const pool = new WorkerPool("agg", 1, 10, () => new PassByPassWorker([]));
  pool.start(0, 60);
  pool.start(5);
  expect(pool.nextReadyNs).toBe(15);
  pool.activateReady(15);
  expect(pool.active.map(({ id }) => id)).toEqual([1]);
  expect(pool.nextReadyNs).toBe(70);
  pool.activateReady(70);
  expect(pool.active.map(({ id }) => id)).toEqual([0, 1]);
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
