import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { classOf, singleClassProfile, type PolicyClass, type PolicyProfile } from "./policy-profile.ts";
import { PolicyQueue } from "./policy-queue.ts";
import { RequestQueue, sendingCost, type QueuedRequest, type QueuePolicy } from "./request-queue.ts";

function queued(request: number, fields: Partial<QueuedRequest> = {}): QueuedRequest {
  return {
    request,
    arrivalNs: request,
    overlapBlocks: [],
    targetIds: [],
    promptTokens: 100,
    cachedTokens: 0,
    priority: 0,
    strictPriority: 0,
    ...fields,
  };
}

const anyRequest = fc.record({
  arrivalNs: fc.integer({ min: 0, max: 5e9 }),
  promptTokens: fc.integer({ min: 1, max: 50 }),
  cachedTokens: fc.nat(50),
  priority: fc.nat(3),
  strictPriority: fc.nat(2),
});

/** The key a policy orders by, larger first. */
const keys: Record<QueuePolicy, (each: QueuedRequest) => number> = {
  fcfs: ({ priority, arrivalNs }) => priority - arrivalNs / 1e9,
  lcfs: ({ priority, arrivalNs }) => priority + arrivalNs / 1e9,
  wspt: (each) => (1 + each.priority) / sendingCost(each),
};

describe("a queue of requests held back", () => {
  it.each(["fcfs", "lcfs", "wspt"] as const)(
    "lets them go as %s orders them, the earlier of equals first",
    (policy) => {
      fc.assert(
        fc.property(fc.array(anyRequest, { maxLength: 40 }), (requests) => {
          const queue = new RequestQueue(policy);
          const all = requests.map((fields, request) => queued(request, fields));
          for (const each of all) queue.push(each);
          const left: QueuedRequest[] = [];
          for (let next = queue.pop(); next !== undefined; next = queue.pop()) left.push(next);
          expect(left.map(({ request }) => request).toSorted((a, b) => a - b)).toEqual(
            all.map(({ request }) => request),
          );
          for (let i = 1; i < left.length; i++) {
            const [before, after] = [left[i - 1]!, left[i]!];
            expect(before.strictPriority).toBeGreaterThanOrEqual(after.strictPriority);
            if (before.strictPriority > after.strictPriority) continue;
            const [first, second] = [keys[policy](before), keys[policy](after)];
            expect(first).toBeGreaterThanOrEqual(second - 1e-9);
          }
        }),
      );
    },
  );

  it("counts priority as seconds of age, to the nanosecond", () => {
    const queue = new RequestQueue("fcfs");
    queue.push(queued(0, { arrivalNs: 5_000_167_000 }));
    queue.push(queued(1, { arrivalNs: 10_000_167_000, priority: 5 }));
    queue.push(queued(2, { arrivalNs: 10_000_166_999, priority: 5 }));
    expect([queue.pop(), queue.pop(), queue.pop()].map((each) => each!.request)).toEqual([2, 0, 1]);
  });
});

function policyClass(name: string, fields: Partial<PolicyClass> = {}): PolicyClass {
  return { ...singleClassProfile(0.5, "fcfs").classes[0]!, name, ...fields };
}

const everybody = () => true;

describe("the queues of policy classes", () => {
  it("share by their quanta", () => {
    const queue = new PolicyQueue([policyClass("a", { quantum: 100 }), policyClass("b", { quantum: 300 })]);
    for (let i = 0; i < 80; i++) queue.push(i % 2, queued(i), 1);
    const sent = Array.from({ length: 40 }, () => queue.pop(everybody)!.request % 2);
    expect(sent.filter((of) => of === 0)).toHaveLength(10);
    expect(sent.slice(0, 8)).toEqual([0, 1, 1, 1, 0, 1, 1, 1]);
  });

  it("lose what is left of a turn when they are empty", () => {
    const queue = new PolicyQueue([policyClass("a", { quantum: 100 }), policyClass("b", { quantum: 1000 })]);
    for (const [classIndex, request] of [
      [0, 0],
      [0, 2],
      [1, 1],
    ] as const)
      queue.push(classIndex, queued(request), 1);
    expect([queue.pop(everybody), queue.pop(everybody)].map((each) => each!.request)).toEqual([0, 1]);
    queue.push(1, queued(3), 1);
    expect([queue.pop(everybody), queue.pop(everybody)].map((each) => each!.request)).toEqual([2, 3]);
  });

  it("use up what is left of a turn that was cut short before they get another", () => {
    const queue = new PolicyQueue([policyClass("a", { quantum: 300 }), policyClass("b", { quantum: 100 })]);
    for (let i = 0; i < 20; i++) queue.push(i % 2, queued(i), 1);
    const classes = (maySend: (of: PolicyClass) => boolean, count: number) =>
      Array.from({ length: count }, () => (queue.pop(maySend)!.request % 2 === 0 ? "a" : "b")).join("");
    expect(classes(everybody, 1)).toBe("a");
    expect(classes(({ name }) => name === "b", 1)).toBe("b");
    expect(classes(everybody, 7)).toBe("aabaaab");
  });

  it("let a class pass whose requests may not go now, and give it no credit meanwhile", () => {
    const queue = new PolicyQueue([policyClass("a", { quantum: 100 }), policyClass("b", { quantum: 100 })]);
    for (let i = 0; i < 8; i++) queue.push(i % 2, queued(i), 1);
    const onlyB = ({ name }: PolicyClass) => name === "b";
    expect(queue.pop(onlyB)!.request).toBe(1);
    expect(queue.pop(onlyB)!.request).toBe(3);
    expect(queue.pop(() => false)).toBeNull();
    expect([0, 1, 2, 3].map(() => queue.pop(everybody)!.request)).toEqual([0, 5, 2, 7]);
  });

  it("refuse more than the class allows for each target", () => {
    const limited = policyClass("a", { requestLimit: 2, promptTokenLimit: 350, cachedTokenLimit: 40 });
    const queue = new PolicyQueue([limited]);
    expect([0, 1, 2].map((i) => queue.push(0, queued(i), 1))).toEqual([true, true, false]);
    expect(queue.push(0, queued(3), 2)).toBe(true);
    expect(queue.length).toBe(3);
    const byTokens = new PolicyQueue([policyClass("a", { promptTokenLimit: 150 })]);
    // The request that crosses the limit is still taken.
    expect([0, 1, 2].map((i) => byTokens.push(0, queued(i), 1))).toEqual([true, true, false]);
    const byCache = new PolicyQueue([policyClass("a", { cachedTokenLimit: 10 })]);
    expect([0, 1].map((i) => byCache.push(0, queued(i, { cachedTokens: 20 }), 1))).toEqual([true, false]);
  });

  it("have room again for as many requests and tokens as have left", () => {
    const limited = policyClass("a", { quantum: 100, promptTokenLimit: 200, cachedTokenLimit: 40 });
    const queue = new PolicyQueue([limited]);
    const push = (request: number) => queue.push(0, queued(request, { cachedTokens: 20 }), 1);
    expect([0, 1, 2].map(push)).toEqual([true, true, false]);
    queue.pop(everybody);
    expect([3, 4].map(push)).toEqual([true, false]);
    queue.remove(3);
    expect([5, 6].map(push)).toEqual([true, false]);
  });

  it("lose nobody and send nobody twice", () => {
    const classes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 4 });
    const steps = fc.array(
      fc.oneof(anyRequest, fc.record({ blocked: fc.nat(3) }), fc.record({ withdrawn: fc.nat(60) })),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(classes, steps, (quanta, sequence) => {
        const queue = new PolicyQueue(quanta.map((quantum, i) => policyClass(String(i), { quantum })));
        const waiting = new Set<number>();
        for (const [request, step] of sequence.entries()) {
          if ("arrivalNs" in step) {
            queue.push(request % quanta.length, queued(request, step), 1);
            waiting.add(request);
          } else if ("withdrawn" in step) expect(queue.remove(step.withdrawn)).toBe(waiting.delete(step.withdrawn));
          else {
            const sent = queue.pop(({ name }) => name !== String(step.blocked));
            if (sent === null) {
              expect([...waiting].every((each) => each % quanta.length === step.blocked)).toBe(true);
            } else expect(waiting.delete(sent.request)).toBe(true);
          }
          expect(queue.length).toBe(waiting.size);
        }
      }),
    );
  });
});

describe("the class of a request", () => {
  const profile: PolicyProfile = {
    classes: [policyClass("short"), policyClass("long"), policyClass("agents"), policyClass("vip")],
    explicit: new Map([["vip", 3]]),
    families: new Map([
      ["standard", [0, 1]],
      ["agentic", [2, 2]],
    ]),
    defaultFamily: [0, 1],
    bucketStarts: [0, 1000],
  };

  it("is the one it names, else its family's for what is left to compute", () => {
    expect(classOf(profile, "vip", 5000)).toBe(3);
    expect(classOf(profile, "agentic", 5000)).toBe(2);
    expect(classOf(profile, null, 999)).toBe(0);
    expect(classOf(profile, null, 1000)).toBe(1);
    expect(classOf(profile, "nobody", 0)).toBe(0);
  });
});
