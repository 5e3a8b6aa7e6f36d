import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/config-error.ts";
import { withWholeNames } from "./option-beginnings.ts";
import { parseReplayCommandLine } from "./replay-command-line.ts";

const command = new Command()
  .option("--policy <NAME>")
  .option("--policy-config <JSON>")
  .option("--num-workers <N>")
  .option("-q, --quiet");

describe("beginnings of options", () => {
  it.each<[given: string[], meant: string[]]>([
    [
      ["--num", "2"],
      ["--num-workers", "2"],
    ],
    [["--num-w=2"], ["--num-workers=2"]],
    [['--policy-c={"a":"b=c"}'], ['--policy-config={"a":"b=c"}']],
    [
      ["--policy", "x"],
      ["--policy", "x"],
    ],
    [
      ["--pol", "x"],
      ["--pol", "x"],
    ],
    [
      ["--quie", "--n", "1"],
      ["--quiet", "--num-workers", "1"],
    ],
    [["--hel"], ["--help"]],
    [
      ["--policy", "--num", "--num", "3"],
      ["--policy", "--num", "--num-workers", "3"],
    ],
    [
      ["-q", "--", "--num"],
      ["-q", "--", "--num"],
    ],
    [
      ["--=2", "-", "-n", ""],
      ["--=2", "-", "-n", ""],
    ],
    [
      ["--number", "2"],
      ["--number", "2"],
    ],
  ])("%j mean %j", (given, meant) => {
    expect(withWholeNames(command, given)).toEqual(meant);
  });
});

describe("a replay's command line", () => {
  const message = (args: string[]): string => {
    try {
      parseReplayCommandLine(args);
    } catch (error) {
      return (error as ConfigError).problems.map((problem) => problem.message).join("; ");
    }
    return "";
  };

  it("takes beginnings of its flags, in both forms", () => {
    const whole = parseReplayCommandLine(["t.jsonl", "--arrival-speedup-ratio", "2", "--num-workers", "3"]);
    expect(whole).toEqual({ trace: "t.jsonl", arrivalSpeedupRatio: 2, numWorkers: 3 });
    expect(parseReplayCommandLine(["t.jsonl", "--arrival-speedup", "2", "--num-w=3"])).toEqual(whole);
  });

  it("lists the flags that a beginning may mean", () => {
    expect(message(["--sla", "2"])).toBe(
      "option '--sla' is the beginning of --sla-ttft-ms, --sla-itl-ms and --sla-e2e-ms; expected one of them",
    );
    expect(message(["--report-json", "a", "--report-j=b"])).toContain("--report-json and --report-jsonl");
  });

  it("tells unknown flags only: neither values that look like one nor negative numbers are any", () => {
    const unknown = "unknown option '--nonsense' (--help lists all)";
    expect(message(["--nonsense", "--planner-config", "--weird"])).toBe(unknown);
    expect(message(["--nonsense", "-5"])).toBe(unknown);
    expect(message(["--nonsense", "--", "--weird"])).toBe(unknown);
    expect(message(["--nonsense", "--weird", "--nonsense"])).toBe(
      `${unknown}; ${unknown.replace("nonsense", "weird")}`,
    );
  });

  it("names the nearest flag for one that is mistyped", () => {
    expect(message(["--num-wokers", "2"])).toBe("unknown option '--num-wokers' (Did you mean --num-workers?)");
  });
});
