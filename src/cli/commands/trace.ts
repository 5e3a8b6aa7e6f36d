import { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import { suggestion } from "../../config/nearest-name.ts";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import { mooncakeLines } from "../../trace/mooncake-writer.ts";
import { openTrace } from "../../trace/open-trace.ts";
import { presetUsage } from "../../trace/presets/preset-names.ts";
import type { Trace } from "../../trace/trace.ts";
import { longestMs } from "../../trace/trace-builder.ts";
import { readEach } from "../../trace/trace-error.ts";
import { traceFormats } from "../../trace/trace-formats.ts";
import { mergeTraces } from "../../trace/transform/merge-traces.ts";
import { sampleTrace } from "../../trace/transform/sample-trace.ts";
import { scaleTrace } from "../../trace/transform/scale-trace.ts";
import { sliceTrace } from "../../trace/transform/slice-trace.ts";
import { exitCodes } from "../failure.ts";
import { OptionReader } from "../option-reader.ts";
import { checkOutputs } from "../output-paths.ts";
import { parsed } from "../parse-command.ts";

const subcommands = { inspect, convert, generate, formats };

const overview = `Usage: windtunnel trace COMMAND [options]

Commands:
  inspect   counts, rates, lengths, burstiness, prefix sharing and LRU hit rates of a trace
  convert   write traces as Mooncake JSONL: cut, sped up, sampled, merged
  generate  write a preset, or a statistical twin of a trace, as Mooncake JSONL
  formats   list the formats that can be read

windtunnel trace COMMAND --help shows the options of a command.
`;

/** `windtunnel trace COMMAND`. */
export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    (name === undefined ? process.stderr : process.stdout).write(overview);
    return name === undefined ? exitCodes.badInput : exitCodes.done;
  }
  const command = Object.hasOwn(subcommands, name) ? subcommands[name as keyof typeof subcommands] : undefined;
  if (command === undefined) {
    const known = Object.keys(subcommands);
    throw new ConfigError([
      { where: "", message: `unknown command "trace ${name}"${suggestion(name, known)}; known: ${known.join(", ")}` },
    ]);
  }
  return command(rest);
}

/** Options of every command that reads a trace. */
function reading(command: Command): Command {
  return command
    .option("--trace-format <NAME>", "format of the files (default: recognised)")
    .option("--trace-block-size <TOKENS>", "tokens a hash id stands for")
    .option("--trace-columns <time=NAME,…>", "columns of a log of your own: time, input, output, session")
    .option("--trace-time-format <FORMAT>", 'its times: s, ms, us, ns or a pattern like "DD/MM/YYYY HH:mm:ss"');
}

/** What `reading` adds, as it stands on the command line. */
interface ReadingText {
  readonly traceFormat?: string;
  readonly traceBlockSize?: string;
  readonly traceColumns?: string;
  readonly traceTimeFormat?: string;
}

interface Reading extends Pick<ReadingText, "traceColumns" | "traceTimeFormat"> {
  readonly traceFormat: string | undefined;
  readonly traceBlockSize: number | undefined;
}

function readingOf(given: ReadingText, options: OptionReader): Reading {
  const { traceFormat, traceBlockSize, traceColumns, traceTimeFormat } = given;
  const names = traceFormats.map(({ name }) => name);
  options.read(() => {
    if (traceFormat === undefined || ["auto", ...names].includes(traceFormat.replaceAll("-", "_"))) return;
    const message = `found "${traceFormat}"${suggestion(traceFormat, names)}, expected auto, ${names.join(", ")}`;
    throw new ConfigError([{ where: "--trace-format", message }]);
  });
  return {
    traceFormat,
    traceBlockSize: options.count("--trace-block-size", traceBlockSize),
    ...(traceColumns === undefined ? {} : { traceColumns }),
    ...(traceTimeFormat === undefined ? {} : { traceTimeFormat }),
  };
}

function read(path: string, { traceFormat, traceBlockSize, ...log }: Reading, seed = 0): Promise<Trace> {
  return openTrace(path, {
    ...log,
    arrivals: "optional",
    seed,
    ...(traceFormat === undefined ? {} : { format: traceFormat }),
    ...(traceBlockSize === undefined ? {} : { traceBlockSize }),
  });
}

/** @throws ConfigError when a trace would be replaced by what is made of it */
function checkNotTraces(role: string, path: string | undefined, traces: readonly string[]): void {
  if (path === undefined || path === "-") return;
  checkOutputs(
    [{ role, path }],
    traces.map((trace) => ({ role: "a trace to read", path: trace })),
  );
}

async function inspect(args: string[]): Promise<number> {
  const command = reading(
    new Command("windtunnel trace inspect")
      .description("Measure a trace.")
      .argument("<trace>", `trace file (.gz too), ${presetUsage}, or - for standard input`)
      .option("--json", "print JSON")
      .option("--html <PATH>", "also write a page with charts"),
  );
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const options = given.opts<ReadingText & { json?: true; html?: string }>();
  const reader = new OptionReader();
  const how = readingOf(options, reader);
  reader.throwIfAny();
  const { profileTrace } = await import("../../trace/inspect/trace-profile.ts");
  const source = onlyOne(given.args);
  checkNotTraces("--html", options.html, given.args);
  const profile = profileTrace(await read(source, how));
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(profile, null, 2)}\n`);
  } else {
    const { profileText } = await import("../../trace/inspect/profile-text.ts");
    process.stdout.write(profileText(profile));
  }
  if (options.html !== undefined) {
    const { profilePage } = await import("../../trace/inspect/profile-page.ts");
    await writeFileAtomically(options.html, [profilePage(profile)]);
    if (options.json !== true) process.stdout.write(`HTML report: ${options.html}\n`);
  }
  return exitCodes.done;
}

interface Conversion extends ReadingText {
  readonly out: string;
  readonly from?: string;
  readonly to?: string;
  readonly max?: string;
  readonly sample?: string;
  readonly speed?: string;
  readonly seed: string;
}

async function convert(args: string[]): Promise<number> {
  const command = reading(
    new Command("windtunnel trace convert")
      .description(
        "Write traces as Mooncake JSONL. Several are overlaid; then cut, sampled and sped up, in this order.",
      )
      .argument("<trace...>", `trace files (.gz too), ${presetUsage}, or - for standard input`)
      .requiredOption("-o, --out <PATH>", "file to write (.gz is compressed), or - for standard output")
      .option("--from <SECONDS>", "keep what arrives from this time on")
      .option("--to <SECONDS>", "keep what arrives before this time")
      .option("--max <N>", "keep at most the first N requests")
      .option("--sample <SHARE>", "keep a random share of the sessions or requests, in (0, 1]")
      .option("--speed <X>", "divide arrival and think times")
      .option("--seed <N>", "seed of --sample and of presets", "0"),
  );
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const options = given.opts<Conversion>();
  const reader = new OptionReader();
  const how = readingOf(options, reader);
  const { from, to, max, sample, speed, seed } = numbersOf(options, reader);
  reader.throwIfAny();
  checkNotTraces("--out", options.out, given.args);
  const traces = await readEach(given.args, (path) => read(path, how, seed));
  let trace = mergeTraces(traces as [Trace, ...Trace[]]);
  if (from !== undefined || to !== undefined || max !== undefined) {
    trace = sliceTrace(trace, {
      ...(from === undefined ? {} : { fromSeconds: from }),
      ...(to === undefined ? {} : { toSeconds: to }),
      ...(max === undefined ? {} : { maxRequests: max }),
    });
  }
  if (sample !== undefined) trace = sampleTrace(trace, sample, seed);
  if (speed !== undefined) trace = scaled(trace, speed);
  await write(trace, options.out);
  return exitCodes.done;
}

/** @throws ConfigError where no reader would take the trace any more */
function scaled(trace: Trace, speed: number): Trace {
  const result = scaleTrace(trace, speed);
  if (result.arrivalMs.every((at) => Number.isNaN(at) || at <= longestMs)) return result;
  const message = `found ${speed}, which stretches the trace over more than ten years; expected a larger number`;
  throw new ConfigError([{ where: "--speed", message }]);
}

function numbersOf(given: Conversion, reader: OptionReader) {
  const from = reader.number("--from", given.from, "seconds of at least 0", (value) => value >= 0);
  const to = reader.number("--to", given.to, "seconds above 0", (value) => value > 0);
  reader.read(() => {
    if (from === undefined || to === undefined || from < to) return;
    throw new ConfigError([{ where: "--to", message: `found ${to}, expected more than --from ${from}` }]);
  });
  return {
    from,
    to,
    max: reader.count("--max", given.max),
    sample: reader.number("--sample", given.sample, "a share above 0 and up to 1", (value) => value > 0 && value <= 1),
    speed: reader.number("--speed", given.speed, "a number above 0", (value) => value > 0),
    seed: reader.seed(given.seed),
  };
}

async function generate(args: string[]): Promise<number> {
  const { presets } = await import("../../trace/presets/presets.ts");
  const command = reading(
    new Command("windtunnel trace generate")
      .description("Write a preset, or requests drawn from the statistics of a trace, as Mooncake JSONL.")
      .argument("<source>", "preset:NAME, or a trace whose twin is wanted")
      .requiredOption("-o, --out <PATH>", "file to write (.gz is compressed), or - for standard output")
      .option("--seed <N>", "seed of the draws", "0")
      .addHelpText("after", `\nPresets:\n${presetLines(presets)}`),
  );
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const options = given.opts<ReadingText & { out: string; seed: string }>();
  const reader = new OptionReader();
  const how = readingOf(options, reader);
  const seed = reader.seed(options.seed);
  reader.throwIfAny();
  const source = onlyOne(given.args);
  checkNotTraces("--out", options.out, given.args);
  const trace = await read(source, how, seed);
  if (source.startsWith("preset:")) {
    await write(trace, options.out);
    return exitCodes.done;
  }
  const [{ fitWorkload }, { generateWorkload }] = await Promise.all([
    import("../../trace/twin/fit-workload.ts"),
    import("../../trace/presets/generate-workload.ts"),
  ]);
  await write(generateWorkload(fitWorkload(trace), seed), options.out);
  return exitCodes.done;
}

function presetLines(presets: Readonly<Record<string, { readonly description: string }>>): string {
  return Object.entries(presets)
    .map(([name, { description }]) => `  ${name.padEnd(12)}  ${description}`)
    .join("\n");
}

async function formats(args: string[]): Promise<number> {
  if (
    parsed(new Command("windtunnel trace formats").description("List the formats that can be read."), args) === null
  ) {
    return exitCodes.done;
  }
  const width = Math.max(...traceFormats.map(({ name }) => name.length));
  for (const { name, description } of traceFormats) process.stdout.write(`${name.padEnd(width)}  ${description}\n`);
  return exitCodes.done;
}

/** Writes a trace and tells on stderr what was assumed and written. */
async function write(trace: Trace, out: string): Promise<void> {
  for (const note of trace.notes) process.stderr.write(`note: ${note}\n`);
  if (out === "-") {
    for (const chunk of mooncakeLines(trace)) {
      if (!process.stdout.write(chunk)) await new Promise((resume) => process.stdout.once("drain", resume));
    }
    return;
  }
  await writeFileAtomically(out, mooncakeLines(trace));
  const size = trace.blocks?.blockSize ?? 512;
  const advice = size === 512 ? "" : `; read it with --trace-block-size ${size}`;
  process.stderr.write(`Wrote ${trace.count} requests to ${out}${advice}\n`);
}

function onlyOne(paths: readonly string[]): string {
  if (paths.length !== 1) {
    throw new ConfigError([{ where: "", message: `expected one trace, found ${paths.length}: ${paths.join(", ")}` }]);
  }
  return paths[0]!;
}
