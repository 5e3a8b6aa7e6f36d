/** Everything the ledger has of a request: what two engines must agree on. */
export const ledgerColumns = [
  "arrivalNs",
  "admitNs",
  "firstTokenNs",
  "secondTokenNs",
  "lastTokenNs",
  "terminalNs",
  "outputTokens",
  "reusedTokens",
  "firstReusedTokens",
  "workerIndex",
  "status",
  "reason",
] as const;
