import type { Trace, TraceBlocks, TraceContinuations } from "./trace.ts";
import { TraceError } from "./trace-error.ts";
import { maxTokens } from "./trace-builder.ts";

/** A stretch of equal content: part of a trace block, or part of an answer. */
interface Stretch {
  /** Identity of the trace block, or −1 − request for an answer. */
  readonly content: number;
  readonly tokens: number;
}

/** The sequence a session has come to: all prompts and answers of its turns so far. */
interface SessionSequence {
  /** Identities of its full blocks. */
  readonly blocks: number[];
  /** What stands behind the last full block. */
  tail: Stretch[];
  tokens: number;
}

/**
 * Turns prompts that give only what is new in a turn into whole ones: the prompt of a turn is the prompts of the turns
 * before it, the answers to them (as long as they were meant to be) and its own. Answers are told apart from all others,
 * so a later turn can find the blocks of an earlier answer in a cache that holds generated tokens.
 *
 * @param blockSize tokens of the blocks the result is told in: those of the engine
 * @throws TraceError when a prompt grows beyond what can be counted
 */
export function cumulativePrompts(trace: Trace, blockSize: number): Trace {
  const { count, sessions } = trace;
  const numbering = new ContentNumbering();
  const sequences: SessionSequence[] = [];
  const inputLength = new Int32Array(count);
  const offsets = new Float64Array(count + 1);
  const continued = new Float64Array(count + 1);
  const prompts: Int32Array[] = [];
  const answers: Int32Array[] = [];
  for (let request = 0; request < count; request++) {
    const session = sessions === null ? request : sessions.sessionOf[request]!;
    const sequence = (sequences[session] ??= { blocks: [], tail: [], tokens: 0 });
    append(sequence, stretchesOf(trace, request), blockSize, numbering);
    if (sequence.tokens > maxTokens) {
      throw new TraceError(trace.name, null, `the prompt of request ${request + 1} grows beyond ${maxTokens} tokens`);
    }
    inputLength[request] = sequence.tokens;
    const whole = sequence.blocks.length;
    const ids = new Int32Array(Math.ceil(sequence.tokens / blockSize));
    for (let at = 0; at < whole; at++) ids[at] = sequence.blocks[at]!;
    // A block that is not full is nobody else's.
    if (ids.length > whole) ids[whole] = numbering.fresh();
    prompts.push(ids);
    offsets[request + 1] = offsets[request]! + ids.length;
    append(sequence, [{ content: -1 - request, tokens: trace.outputLength[request]! }], blockSize, numbering);
    answers.push(Int32Array.from(sequence.blocks.slice(whole)));
    continued[request + 1] = continued[request]! + answers.at(-1)!.length;
    if (sessions === null) sequences.length = 0;
  }
  const blocks: TraceBlocks = {
    blockSize,
    offsets,
    ids: joined(prompts, offsets[count]!),
    distinct: numbering.distinct,
  };
  const continuations: TraceContinuations = { offsets: continued, ids: joined(answers, continued[count]!) };
  return { ...trace, inputLength, blocks, continuations };
}

function append(
  sequence: SessionSequence,
  stretches: Iterable<Stretch>,
  blockSize: number,
  numbering: ContentNumbering,
): void {
  let held = sequence.tokens % blockSize;
  for (const { content, tokens } of stretches) {
    let left = tokens;
    sequence.tokens += tokens;
    while (held + left >= blockSize) {
      const taken = blockSize - held;
      sequence.tail.push({ content, tokens: taken });
      sequence.blocks.push(numbering.number(sequence.blocks.at(-1) ?? -1, sequence.tail));
      sequence.tail = [];
      left -= taken;
      held = 0;
    }
    if (left > 0) sequence.tail.push({ content, tokens: left });
    held += left;
  }
}

/** The new part of a request's prompt, a trace block after another; content of its own where nothing is known. */
function* stretchesOf({ blocks, inputLength }: Trace, request: number): Generator<Stretch> {
  let left = inputLength[request]!;
  if (blocks === null) {
    yield { content: unknownPrompt - request, tokens: left };
    return;
  }
  for (let at = blocks.offsets[request]!; at < blocks.offsets[request + 1]! && left > 0; at++) {
    const tokens = Math.min(left, blocks.blockSize);
    yield { content: blocks.ids[at]!, tokens };
    left -= tokens;
  }
}

/** Below the names of all answers. */
const unknownPrompt = -(2 ** 32);

/** Numbers blocks by what they hold and the block before them. */
class ContentNumbering {
  distinct = 0;
  private readonly known = new Map<string, number>();

  number(before: number, stretches: readonly Stretch[]): number {
    let key = `${before}`;
    let run = 0;
    for (let at = 0; at < stretches.length; at++) {
      run += stretches[at]!.tokens;
      if (stretches[at + 1]?.content === stretches[at]!.content) continue;
      key += `,${stretches[at]!.content}:${run}`;
      run = 0;
    }
    let number = this.known.get(key);
    if (number === undefined) {
      number = this.distinct++;
      this.known.set(key, number);
    }
    return number;
  }

  fresh(): number {
    return this.distinct++;
  }
}

function joined(parts: readonly Int32Array[], length: number): Int32Array {
  const all = new Int32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
