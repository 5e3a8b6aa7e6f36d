import { given } from "./mooncake-row.ts";
import type { MooncakeRow } from "./mooncake-row.ts";
import type { TraceBuilder } from "./trace-builder.ts";
import type { UnknownKeys } from "./unknown-keys.ts";

const space = 32;
const tab = 9;
const carriageReturn = 13;
const newline = 10;
const quote = 34;
const backslash = 92;
const comma = 44;
const colon = 58;
const minus = 45;
const dot = 46;
const zero = 48;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;

/** Fields a row must have. */
const required = given.outputLength | given.hashIds;

/** Stands for the fields that only the slow path reads. */
const slowField = -1;

const knownKeys: readonly (readonly [string, number])[] = [
  ["timestamp", given.timestamp],
  ["input_length", given.inputLength],
  ["output_length", given.outputLength],
  ["hash_ids", given.hashIds],
  ["session_id", given.session],
  ["delay", given.delay],
  ["created_time", given.timestamp],
  ["input_tokens", given.inputLength],
  ["output_tokens", given.outputLength],
  ["delay_ms", given.delay],
  ["priority", slowField],
  ["strict_priority", slowField],
  ["policy_class", slowField],
  ["output_token_ids", slowField],
];

/** Bytes of each known key and its closing quote. */
const keyBytes = knownKeys.map(([key]) => new TextEncoder().encode(`${key}"`));
const keyFields = Int32Array.from(knownKeys, ([, field]) => field);

const ascii = new TextDecoder();

const powersOfTen = Float64Array.from({ length: 16 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * Reads a Mooncake row straight from its bytes: the usual shape only, in plain ASCII. It trusts nothing: whatever is
 * not certainly right (nested values, escapes, floats where an integer must stand, damage) makes it give up, and the
 * slow path decides. Block ids go to the builder as they are read.
 */
export class MooncakeFastLine {
  readonly #builder: TraceBuilder;
  readonly #row: MooncakeRow;
  /** Keys the slow path has found to mean nothing. */
  readonly #passed: readonly Uint8Array[];

  constructor(builder: TraceBuilder, row: MooncakeRow, { passed }: UnknownKeys) {
    this.#builder = builder;
    this.#row = row;
    this.#passed = passed;
  }

  /** Position after the line's newline, or −1 when the slow path must read the line. The line ends in a newline. */
  read(bytes: Uint8Array, start: number): number {
    const row = this.#row;
    row.fields = 0;
    let at = skipBlanks(bytes, start);
    if (bytes[at] !== openBrace) return -1;
    let nextKey = 0;
    let passedOver = 0;
    do {
      at = skipBlanks(bytes, at + 1);
      if (bytes[at] !== quote) return -1;
      const keyStart = at + 1;
      let field = keyFields[nextKey]!;
      at = endOfKey(bytes, keyStart, keyBytes[nextKey]!);
      if (at < 0) {
        nextKey = keyAt(keyBytes, bytes, keyStart);
        if (nextKey >= 0) {
          field = keyFields[nextKey]!;
          at = keyStart + keyBytes[nextKey]!.length - 1;
        } else {
          const passed = keyAt(this.#passed, bytes, keyStart);
          // One not seen before, or twice in a row: for the slow path to judge.
          if (passed < 0 || (passedOver & (1 << passed)) !== 0) return -1;
          passedOver |= 1 << passed;
          field = 0;
          at = keyStart + this.#passed[passed]!.length - 1;
        }
      }
      // Rows mostly name their fields in one order, that of the table.
      nextKey = (nextKey + 1) & 7;
      at = skipBlanks(bytes, at + 1);
      if (bytes[at] !== colon) return -1;
      at = skipBlanks(bytes, at + 1);
      if (field === 0) {
        at = skipScalar(bytes, at);
      } else if (field === slowField) {
        return -1;
      } else {
        if ((row.fields & field) !== 0) return -1;
        row.fields |= field;
        at = this.#readField(bytes, at, field);
      }
      if (at < 0) return -1;
      at = skipBlanks(bytes, at);
    } while (bytes[at] === comma);
    if (bytes[at] !== closeBrace || (row.fields & required) !== required) return -1;
    at = skipBlanks(bytes, at + 1);
    return bytes[at] === newline ? at + 1 : -1;
  }

  #readField(bytes: Uint8Array, at: number, field: number): number {
    const row = this.#row;
    switch (field) {
      case given.hashIds:
        return this.#readHashIds(bytes, at);
      case given.inputLength:
      case given.outputLength: {
        const end = digitsEnd(bytes, at);
        // Up to nine digits fit in 31 bits.
        if (end === at || end - at > 9 || (bytes[at] === zero && end - at > 1)) return -1;
        let value = 0;
        for (let digit = at; digit < end; digit++) value = value * 10 + bytes[digit]! - zero;
        if (field === given.inputLength) row.inputLength = value;
        else row.outputLength = value;
        return end;
      }
      case given.timestamp:
        return readNumber(bytes, at, row.times, 0);
      case given.delay:
        return readNumber(bytes, at, row.times, 1);
      default: {
        if (bytes[at] !== quote) return -1;
        const end = stringEnd(bytes, at + 1);
        if (end < 0) return -1;
        row.session = ascii.decode(bytes.subarray(at + 1, end));
        return end + 1;
      }
    }
  }

  #readHashIds(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== openBracket) return -1;
    const builder = this.#builder;
    let at = skipBlanks(bytes, start + 1);
    if (bytes[at] === closeBracket) return at + 1;
    let { ids, idCount } = builder;
    for (;;) {
      const first = at;
      let low = bytes[at]! - zero;
      if (low < 0 || low > 9) return -1;
      let digit = bytes[++at]! - zero;
      while (digit >= 0 && digit <= 9 && at - first < 9) {
        low = low * 10 + digit;
        digit = bytes[++at]! - zero;
      }
      if (bytes[first] === zero && at - first > 1) return -1;
      if (digit >= 0 && digit <= 9) {
        builder.setIdCount(idCount);
        at = this.#readLongId(bytes, at, low);
        if (at < 0) return -1;
        ({ ids, idCount } = builder);
      } else {
        if (idCount === ids.length) ids = builder.growIds();
        ids[idCount++] = low;
      }
      if (bytes[at] === space) at = skipBlanks(bytes, at);
      if (bytes[at] !== comma) break;
      at += 1;
      if (bytes[at] === space) at += 1;
      if (bytes[at] === space || bytes[at] === tab) at = skipBlanks(bytes, at);
    }
    if (bytes[at] !== closeBracket) return -1;
    builder.setIdCount(idCount);
    return at + 1;
  }

  /** Continues an id of ten digits or more, in two unsigned 32-bit halves. */
  #readLongId(bytes: Uint8Array, start: number, lowSoFar: number): number {
    let at = start;
    let low = lowSoFar;
    let high = 0;
    for (let digit = bytes[at]! - zero; digit >= 0 && digit <= 9; digit = bytes[++at]! - zero) {
      const next = low * 10 + digit;
      const carry = Math.floor(next / 2 ** 32);
      low = next - carry * 2 ** 32;
      high = high * 10 + carry;
      if (high >= 2 ** 32) return -1;
    }
    this.#builder.pushBlock(high, low);
    return at;
  }
}

/** Position of the closing quote when the key at `start` is the given known one, else −1. */
function endOfKey(bytes: Uint8Array, start: number, key: Uint8Array): number {
  const { length } = key;
  for (let index = 0; index < length; index++) {
    if (bytes[start + index] !== key[index]) return -1;
  }
  return start + length - 1;
}

/** Index of the key at `start` among some, or −1. */
function keyAt(keys: readonly Uint8Array[], bytes: Uint8Array, start: number): number {
  for (let index = 0; index < keys.length; index++) {
    if (endOfKey(bytes, start, keys[index]!) >= 0) return index;
  }
  return -1;
}

function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === space || bytes[at] === tab || bytes[at] === carriageReturn) at++;
  return at;
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at]! >= zero && bytes[at]! <= zero + 9) at++;
  return at;
}

/** Position of the closing quote of a string without escapes, in printable ASCII; −1 for any other. */
function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at++) {
    const byte = bytes[at]!;
    if (byte === quote) return at;
    if (byte === backslash || byte < space || byte > 126) return -1;
  }
}

/** Passes over a string, an ordinary number or a literal; −1 for anything else. */
function skipScalar(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!;
  if (byte === quote) {
    const end = stringEnd(bytes, at + 1);
    return end < 0 ? -1 : end + 1;
  }
  if (byte === minus || (byte >= zero && byte <= zero + 9)) return readNumber(bytes, at, ignored, 0);
  return -1;
}

const ignored = new Float64Array(1);

/**
 * Reads a decimal number of at most 15 digits without exponent, which one division rounds correctly.
 *
 * @returns Where it ends, or −1 when it has another shape.
 */
function readNumber(bytes: Uint8Array, start: number, target: Float64Array, index: number): number {
  const negative = bytes[start] === minus;
  const first = negative ? start + 1 : start;
  let at = digitsEnd(bytes, first);
  const whole = at - first;
  if (whole === 0 || whole > 15 || (whole > 1 && bytes[first] === zero)) return -1;
  let mantissa = 0;
  for (let digit = first; digit < at; digit++) mantissa = mantissa * 10 + bytes[digit]! - zero;
  let decimals = 0;
  if (bytes[at] === dot) {
    const fraction = at + 1;
    at = digitsEnd(bytes, fraction);
    decimals = at - fraction;
    if (decimals === 0 || whole + decimals > 15) return -1;
    for (let digit = fraction; digit < at; digit++) mantissa = mantissa * 10 + bytes[digit]! - zero;
  }
  // "e" or "E": an exponent.
  if ((bytes[at]! | 32) === 101) return -1;
  const value = decimals === 0 ? mantissa : mantissa / powersOfTen[decimals]!;
  target[index] = negative ? -value : value;
  return at;
}
