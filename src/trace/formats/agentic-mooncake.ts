import { dependencyGraph, requestOnCycle, type Dependency } from "../dependency-graph.ts";
import type { LineSource } from "../line-source.ts";
import { LineMistakes } from "../line-mistakes.ts";
import { given, MooncakeRow } from "../mooncake-row.ts";
import { mooncakeFields, MooncakeSlowLine } from "../mooncake-slow-line.ts";
import { SessionBuilder } from "../session-builder.ts";
import type { Trace } from "../trace.ts";
import { TraceBuilder } from "../trace-builder.ts";
import { quoted, TraceError } from "../trace-error.ts";
import { UnknownKeys } from "../unknown-keys.ts";
import type { ReadOptions, TraceFormat } from "../trace-format.ts";
import { firstLine } from "../trace-format.ts";
import type { JsonRow } from "./json-rows.ts";
import { readJsonRows } from "./json-rows.ts";

const schema = "dynamo.agentic_mooncake";
const marks = /"(wait_for|branches|prefix_reset|tool_wait_ms|tool_events|request_kind)"\s*:/;

/**
 * Agentic Mooncake (engine-reference §2.4): JSONL of requests that wait for each other. Version 1 rows have
 * `request_id`, `wait_for`, `delay` and `tool_wait_ms`; version 2 begins with a header and has `play_id`,
 * `not_before_ms` and `dependencies` with a delay and a trigger each. `branches`, `prefix_reset` and `tool_events` say
 * nothing that the other fields do not.
 */
export const agenticMooncakeFormat: TraceFormat = {
  name: "agentic_mooncake",
  description: "agentic Mooncake JSONL: request_id, wait_for or dependencies, hash_ids",
  alsoReads: ["mooncake"],
  detect: (head) =>
    firstLine(head).includes(`"${schema}"`) ||
    (/"hash_ids"\s*:/.test(head) && /"request_id"\s*:/.test(head) && marks.test(head)),
  read: readAgentic,
};

/** Names of the fields a row may have beside those of Mooncake. */
const agenticFields: readonly (readonly string[])[] = [
  ["request_id"],
  ["play_id"],
  ["wait_for"],
  ["tool_wait_ms"],
  ["not_before_ms"],
  ["dependencies"],
  ["branches"],
  ["prefix_reset"],
  ["tool_events"],
  ["request_kind"],
];

/** A row, with what it waits for still by name. */
interface Node {
  readonly line: number;
  readonly id: string;
  readonly play: string | null;
  readonly session: string;
  readonly waits: readonly { readonly id: string; readonly delayMs: number; readonly onOffer: boolean }[];
  readonly notBeforeMs: number;
}

async function readAgentic(source: LineSource, options: ReadOptions): Promise<Trace> {
  const nodes: Node[] = [];
  const row = new MooncakeRow();
  const mistakes = new LineMistakes();
  const unknown = new UnknownKeys([...mooncakeFields, ...agenticFields]);
  let builder: TraceBuilder | null = null;
  let slow: MooncakeSlowLine | null = null;
  let second = false;
  const begin = (blockSize: number) => {
    builder = new TraceBuilder(source.name, blockSize, source.sizeHint);
    slow = new MooncakeSlowLine(builder, row, unknown, mistakes);
  };
  const reading = readJsonRows(
    source,
    (json, text) => {
      if (slow === null && json.has("schema")) {
        second = true;
        // Without its header the rows could not be read.
        if (!mistakes.passes(() => begin(headerBlockSize(json, options)))) mistakes.throwIfAny();
        return;
      }
      if (slow === null) begin(options.traceBlockSize ?? 512);
      const good = slow!.read(text, json.line);
      const node = second ? secondVersion(json) : firstVersion(json, row);
      if (!good) return;
      nodes.push(node);
      addPrompt(json, row, node, builder!, second);
    },
    mistakes,
  );
  await mistakes.tellAfter(reading);
  builder ??= new TraceBuilder(source.name, 1);
  if (!second) builder.note("agentic Mooncake: branches, prefix_reset and tool_events have no effect of their own");
  const trace = builder.finish(source.name, "optional");
  return withGraph(trace, nodes, source.name, second);
}

function headerBlockSize(header: JsonRow, options: ReadOptions): number {
  if (header.text("schema") !== schema) header.fail("schema", `must be "${schema}"`);
  if (header.tokens("version") !== 2) header.fail("version", `must be 2, found ${header.number("version")}`);
  const size = header.tokens("block_size");
  if (size === 0) header.fail("block_size", "must be positive, found 0");
  if (options.traceBlockSize !== null && options.traceBlockSize !== size) {
    header.fail("block_size", `is ${size}, but --trace-block-size is ${options.traceBlockSize}`);
  }
  return size;
}

function firstVersion(json: JsonRow, row: MooncakeRow): Node {
  const id = json.text("request_id");
  const delayMs = (row.fields & given.delay) === 0 ? 0 : row.times[1]!;
  if (delayMs < 0) json.fail("delay", `must not be negative, found ${delayMs}`);
  const toolMs = json.has("tool_wait_ms") ? json.positive("tool_wait_ms") : 0;
  const names = json.has("wait_for") ? json.list("wait_for") : [];
  const waits = names.map((name, index) => {
    if (typeof name !== "string")
      json.fail(`wait_for[${index}]`, `must be a string, found ${quoted(JSON.stringify(name))}`);
    return { id: name, delayMs: delayMs + toolMs, onOffer: false };
  });
  const session = (row.fields & given.session) === 0 ? id : row.session;
  return { line: json.line, id, play: null, session, waits, notBeforeMs: Number.NaN };
}

function secondVersion(json: JsonRow): Node {
  const dependencies = json.has("dependencies") ? json.objects("dependencies") : [];
  const waits = dependencies.map((dependency) => {
    const trigger = dependency.text("trigger");
    if (trigger !== "dispatch" && trigger !== "completion") {
      dependency.fail("trigger", `must be "dispatch" or "completion", found "${quoted(trigger)}"`);
    }
    const relation = dependency.has("relation") ? dependency.text("relation") : "sequence";
    if (!["sequence", "spawn", "join", "replay_barrier"].includes(relation)) {
      dependency.fail(
        "relation",
        `must be "sequence", "spawn", "join" or "replay_barrier", found "${quoted(relation)}"`,
      );
    }
    return {
      id: dependency.text("request_id"),
      delayMs: dependency.has("delay_ms") ? dependency.positive("delay_ms") : 0,
      onOffer: trigger === "dispatch",
    };
  });
  return {
    line: json.line,
    id: json.text("request_id"),
    play: json.text("play_id"),
    session: json.has("session_id") ? json.text("session_id") : json.text("request_id"),
    waits,
    notBeforeMs: json.has("not_before_ms") ? json.positive("not_before_ms") : Number.NaN,
  };
}

function addPrompt(json: JsonRow, row: MooncakeRow, node: Node, builder: TraceBuilder, second: boolean): void {
  const { line, fields } = { line: json.line, fields: row.fields };
  if ((fields & given.outputLength) === 0) builder.fail(line, "output_length is missing");
  if ((fields & given.hashIds) === 0) builder.fail(line, "hash_ids is missing");
  const blocks = builder.pendingBlocks;
  const asked = (fields & given.inputLength) === 0 ? blocks * builder.blockSize : row.inputLength;
  if (second && Math.ceil(asked / builder.blockSize) !== blocks) {
    builder.fail(
      line,
      `hash_ids must have ${Math.ceil(asked / builder.blockSize)} entries for ${asked} tokens, found ${blocks}`,
    );
  }
  const input = Math.min(asked, blocks * builder.blockSize);
  if (input === 0) builder.fail(line, "input_length must be positive, found 0");
  if (input < asked) builder.countClamped();
  builder.keepBlocks(Math.ceil(input / builder.blockSize));
  const recorded = (fields & given.timestamp) === 0 ? node.notBeforeMs : row.times[0]!;
  if ((fields & given.priority) !== 0) {
    builder.priorities.set(builder.count, row.boostSeconds, row.strictPriority, row.policyClass);
  }
  const arrivalMs = second && node.waits.length === 0 && Number.isNaN(recorded) ? 0 : recorded;
  builder.addRow(line, arrivalMs, input, row.outputLength);
}

/** Finds what every request waits for, and names sessions. */
function withGraph(trace: Trace, nodes: readonly Node[], file: string, second: boolean): Trace {
  const mistakes = new LineMistakes();
  const places = placesOf(nodes, file, mistakes);
  const waiting = nodes.map((node) => waitsOf(node, nodes, places, file, mistakes));
  mistakes.throwIfAny();
  if (second) countFromFirstRoot(trace, nodes);
  else startRootsWithoutTime(trace, nodes);
  const earliest = Float64Array.from(nodes, ({ notBeforeMs }, place) =>
    Number.isNaN(notBeforeMs) ? Number.NaN : trace.arrivalMs[place]!,
  );
  const graph = dependencyGraph(
    waiting,
    earliest,
    nodes.map(({ id }) => id),
  );
  const cyclic = requestOnCycle(graph);
  if (cyclic >= 0) {
    const { line, id } = nodes[cyclic]!;
    throw new TraceError(file, line, `request "${quoted(id)}" waits for itself: a cycle of dependencies`);
  }
  checkRoots(nodes, file);
  const sessions = new SessionBuilder(0);
  for (const { session } of nodes) sessions.addTurn(sessions.indexOf(session), 0, Number.NaN);
  return { ...trace, sessions: sessions.finish(), dependencies: graph };
}

/** Where each request stands. */
function placesOf(nodes: readonly Node[], file: string, mistakes: LineMistakes): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, { id, line }] of nodes.entries()) {
    const before = places.get(id);
    if (before === undefined) places.set(id, place);
    else {
      const problem = `request_id "${quoted(id)}" stands in line ${nodes[before]!.line} too`;
      mistakes.add(new TraceError(file, line, problem));
    }
  }
  return places;
}

function waitsOf(
  { id: own, line, play, waits }: Node,
  nodes: readonly Node[],
  places: ReadonlyMap<string, number>,
  file: string,
  mistakes: LineMistakes,
): Dependency[] {
  return waits.flatMap(({ id, delayMs, onOffer }) => {
    const on = places.get(id);
    if (on !== undefined && nodes[on]!.play === play) return [{ on, delayMs, onOffer }];
    const which = on === undefined ? ", which is no request here" : " of another play";
    mistakes.add(new TraceError(file, line, `request "${quoted(own)}" waits for "${quoted(id)}"${which}`));
    return [];
  });
}

/** A play of version 2 has one request that waits for nothing. */
function checkRoots(nodes: readonly Node[], file: string): void {
  const roots = new Map<string, Node>();
  for (const node of nodes) {
    if (node.play === null || node.waits.length > 0) continue;
    const before = roots.get(node.play);
    if (before !== undefined) {
      throw new TraceError(
        file,
        node.line,
        `play "${quoted(node.play)}" has two requests that wait for nothing: "${quoted(before.id)}" and "${quoted(node.id)}"`,
      );
    }
    roots.set(node.play, node);
  }
}

/** Times of version 1 count from the earliest of any row, which is when roots without one start. */
function startRootsWithoutTime({ arrivalMs }: Trace, nodes: readonly Node[]): void {
  for (const [place, { waits }] of nodes.entries()) {
    if (waits.length === 0 && Number.isNaN(arrivalMs[place]!)) arrivalMs[place] = 0;
  }
}

/** Times of version 2 count from the first root. */
function countFromFirstRoot({ arrivalMs }: Trace, nodes: readonly Node[]): void {
  let first = Infinity;
  for (const [place, { waits }] of nodes.entries()) if (waits.length === 0) first = Math.min(first, arrivalMs[place]!);
  if (Number.isFinite(first)) for (let place = 0; place < arrivalMs.length; place++) arrivalMs[place]! -= first;
}
