import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { windtunnelVersion } from "../version.ts";
import { SweepProgress } from "./sweep-progress.ts";

let written: string[];
beforeEach(() => {
  written = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const worker = (version: string) => ({ version, host: "a", process: 1, parallel: 1, allowsPolicies: false });
const status = (...versions: string[]) => ({ running: 0, workers: versions.map(worker), connected: true });
const away = { ...status(), connected: false };

test("what keeps a queue from going on is told once, and again when it comes back", () => {
  const progress = new SweepProgress(10, true);
  for (const one of [status(), status(), status("0.0.1"), status("0.0.1", windtunnelVersion), away, away, status()]) {
    progress.updateQueue(one);
  }
  const start = "start some: windtunnel worker --redis URL\n";
  const none = `windtunnel: no worker of version ${windtunnelVersion} is there yet; ${start}`;
  expect(written.filter((text) => text.startsWith("windtunnel"))).toEqual([
    none,
    `windtunnel: no worker of version ${windtunnelVersion} is there yet (there are workers of version 0.0.1); ${start}`,
    "windtunnel: Redis is away; the sweep goes on when it is back\n",
    none,
  ]);
});

test("a quiet sweep says nothing of it", () => {
  new SweepProgress(10, false).updateQueue(away);
  expect(written).toEqual([]);
});
