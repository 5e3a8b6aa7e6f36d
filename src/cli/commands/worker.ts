import { Command } from "commander";
import { windtunnelVersion } from "../../version.ts";
import { exitCodes } from "../failure.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { parsed } from "../parse-command.ts";
import { OptionReader } from "../option-reader.ts";
import { runsDone } from "../runs-done.ts";
import { parallelFrom, runsAtATime, toStderr } from "../runs-at-a-time.ts";
import { redisOption, redisUrl } from "../sweep-command-line.ts";
import { whole } from "../whole-number.ts";

interface WorkerOptions {
  readonly redis?: string;
  readonly queue: string;
  readonly parallel?: string;
  readonly allowPolicies?: boolean;
  readonly traceStore?: string;
  readonly stalledAfter: string;
  readonly quiet?: boolean;
}

function workerCommand(): Command {
  return new Command("windtunnel worker")
    .description(
      "Do the runs of sweeps (windtunnel sweep --driver bullmq) until SIGINT or SIGTERM, which lets those under way finish; a second one ends them.",
    )
    .addOption(redisOption())
    .option("--queue <NAME>", "name of the queue", "windtunnel")
    .option("--parallel <N>", "runs at a time (default: the cores of this machine)")
    .option("--allow-policies", "load the policy modules that runs name: code, with the rights of this process")
    .option("--trace-store <PLACE>", "folder or http(s) address that traces come from, beside Redis")
    .option("--stalled-after <S>", "seconds without a sign of life after which a worker's runs go to others", "30")
    .option("--quiet", "print nothing but errors");
}

/** `windtunnel worker`: takes runs from a queue until it is told to stop. */
export async function run(args: string[]): Promise<number> {
  const command = parsed(workerCommand(), args);
  if (command === null) return exitCodes.done;
  const given = command.opts<WorkerOptions>();
  const options = new OptionReader();
  const settings = {
    url: options.read(() => redisUrl(given.redis)),
    queue: given.queue,
    parallel: options.read(() =>
      runsAtATime(parallelFrom(given.parallel), Infinity, given.quiet === true ? undefined : toStderr),
    ),
    allowsPolicies: given.allowPolicies === true,
    traceStore: given.traceStore ?? null,
    stalledSeconds: options.read(() => whole(given.stalledAfter, "--stalled-after", 1)),
  };
  options.throwIfAny();
  const say = (text: string) => given.quiet !== true && process.stderr.write(`windtunnel: ${text}\n`);
  const { signal } = listenForInterrupt({
    onFirst: () => say("finishing the runs under way; once more ends them"),
  });
  const counts = { done: 0, failed: 0, refused: 0 };
  const places = settings.parallel === 1 ? "1 run at a time" : `${settings.parallel} runs at a time`;
  const { workOnQueue } = await import("../../sweep/queue/queue-worker.ts");
  await workOnQueue(
    settings,
    {
      onReady: (place) => say(`worker ${windtunnelVersion} on queue ${settings.queue} at ${place}, ${places}`),
      onRun: (how) => counts[how]++,
      onNote: say,
    },
    signal,
  );
  const refused = counts.refused > 0 ? `, ${counts.refused} refused` : "";
  say(`${runsDone(counts.done, counts.failed)}${refused}`);
  return exitCodes.done;
}
