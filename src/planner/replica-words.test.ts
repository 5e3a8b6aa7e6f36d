import { expect, test } from "vitest";
import { replicaWords } from "./replica-words.ts";

test("one replica is no plural", () => {
  expect([0, 1, 2].map(replicaWords)).toEqual(["0 replicas", "1 replica", "2 replicas"]);
});
