import { beforeEach, describe, expect, it } from "vitest";
import { familyTrace } from "../../test/prompt-families.ts";
import { buildPrefixEdges } from "../engine/aggregated/prefix-edges.ts";
import { kvRouterDefaults } from "./kv-router-settings.ts";
import { LoadBook } from "./load-book.ts";
import { PrefixPath } from "./shared-prefixes.ts";

const blockSize = 4;

describe("the loads of targets", () => {
  let book: LoadBook;
  let leftNs: number[];
  let doneNs: number[];
  let send: (request: number, target: number, atNs: number) => void;

  /** Three prompts of two blocks each that share nothing. */
  beforeEach(() => {
    const trace = familyTrace(
      [0, 1, 2].map((family) => ({ family, commonBlocks: 0, inputLength: 2 * blockSize })),
      blockSize,
    );
    const prefixes = buildPrefixEdges(trace, blockSize);
    leftNs = [NaN, NaN, NaN];
    doneNs = [NaN, NaN, NaN];
    book = new LoadBook({
      settings: kvRouterDefaults,
      role: "aggregated",
      blockSize,
      prefixes,
      inputLength: trace.inputLength,
      times: { prefillDoneNs: (request) => doneNs[request]!, leftNs: (request) => leftNs[request]! },
      fades: false,
    });
    const path = new PrefixPath(prefixes);
    send = (request, target, atNs) => {
      path.follow(request);
      book.add(request, book.of(target), path, 8, 0, atNs);
    };
  });

  it("lose a target that is gone with what was sent there, and nothing else", () => {
    send(0, 0, 0);
    send(1, 1, 0);
    send(2, 1, 0);
    book.forget(0);
    expect(book.totals).toEqual({ requests: 2, prefillTokens: 16, blocks: 4 });
    leftNs = [50, 60, 70];
    book.onLeft([0, 1, 2]);
    expect(book.nextReleaseNs).toBe(60);
    expect([book.release(), book.release()]).toEqual([true, true]);
    expect(book.totals).toEqual({ requests: 0, prefillTokens: 0, blocks: 0 });
  });

  it("are those of prompts that are still there when they have been computed", () => {
    send(0, 0, 0);
    send(1, 0, 0);
    leftNs[0] = 5;
    book.onLeft([0]);
    book.release();
    expect(book.totals).toEqual({ requests: 1, prefillTokens: 8, blocks: 2 });
    doneNs = [5, 7, NaN];
    book.look(book.of(0), 1);
    expect(book.nextReleaseNs).toBe(7);
    expect(book.release()).toBe(true);
    expect(book.nextReleaseNs).toBe(Infinity);
    expect(book.totals).toEqual({ requests: 1, prefillTokens: 0, blocks: 2 });
  });

  it("do not change when a request's end comes up that has been sent again since", () => {
    send(0, 0, 0);
    book.withdraw(0, 10);
    book.forget(0);
    send(0, 1, 5);
    expect(book.nextReleaseNs).toBe(10);
    expect(book.release()).toBe(false);
    expect(book.totals).toEqual({ requests: 1, prefillTokens: 8, blocks: 2 });
  });
});
