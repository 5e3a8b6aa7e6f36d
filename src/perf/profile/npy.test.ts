import { describe, expect, it } from "vitest";
import { readNpy } from "./npy.ts";

/** A file as numpy.lib.format describes it: magic, version, header length (two bytes, from version 2 four), header. */
function npy(version: 1 | 2 | 3, header: string, values: Uint8Array): Uint8Array {
  const lengthBytes = version === 1 ? 2 : 4;
  const text = new TextEncoder().encode(`${header.padEnd(79)}\n`);
  const bytes = new Uint8Array(8 + lengthBytes + text.length + values.length);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, 8 + lengthBytes);
  bytes.set(values, 8 + lengthBytes + text.length);
  return bytes;
}

const header = (type: string, shape: string, columnMajor = false) =>
  `{'descr': '${type}', 'fortran_order': ${columnMajor ? "True" : "False"}, 'shape': ${shape}, }`;

/** Bytes of numbers written by a setter of a view. */
function written(size: number, values: readonly number[], set: (view: DataView, at: number, value: number) => void) {
  const bytes = new Uint8Array(size * values.length);
  for (const [i, value] of values.entries()) set(new DataView(bytes.buffer), i * size, value);
  return bytes;
}

describe("readNpy", () => {
  const doubles = written(8, [1.5, -2, 3, 4, 5, 6], (view, at, value) => view.setFloat64(at, value, true));

  it.each([1, 2, 3] as const)("reads format %i", (version) => {
    const { shape, values } = readNpy(npy(version, header("<f8", "(2, 3)"), doubles));
    expect(shape).toEqual([2, 3]);
    expect([...values]).toEqual([1.5, -2, 3, 4, 5, 6]);
  });

  it("gives columns first written as rows", () => {
    expect([...readNpy(npy(1, header("<f8", "(2, 3)", true), doubles)).values]).toEqual([1.5, 3, 5, -2, 4, 6]);
    expect([...readNpy(npy(1, header("<f8", "(6,)", true), doubles)).values]).toEqual([1.5, -2, 3, 4, 5, 6]);
  });

  it.each<[string, number, (view: DataView, at: number, value: number) => void]>([
    [">f8", 8, (view, at, value) => view.setFloat64(at, value)],
    ["<f4", 4, (view, at, value) => view.setFloat32(at, value, true)],
    ["<i8", 8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)],
    [">i4", 4, (view, at, value) => view.setInt32(at, value)],
    ["<i2", 2, (view, at, value) => view.setInt16(at, value, true)],
    ["<u8", 8, (view, at, value) => view.setBigUint64(at, BigInt(value), true)],
    ["<u4", 4, (view, at, value) => view.setUint32(at, value, true)],
    [">u2", 2, (view, at, value) => view.setUint16(at, value)],
  ])("reads numbers of type %s", (type, size, set) => {
    const bytes = npy(1, header(type, "(3,)"), written(size, [1, 258, 4096], set));
    expect([...readNpy(bytes).values]).toEqual([1, 258, 4096]);
  });

  it("says what it cannot read", () => {
    const read = (bytes: Uint8Array) => () => readNpy(bytes);
    expect(read(new TextEncoder().encode("not an array at all"))).toThrow("not a .npy array");
    expect(read(npy(1, header("<c16", "(3,)"), doubles))).toThrow("unsupported number type c16");
    expect(read(npy(1, header("<f8", "(7,)"), doubles))).toThrow("the array ends too early");
    expect(read(npy(1, "{'descr': [('a', '<f8')], 'shape': (6,), }", doubles))).toThrow(/unsupported array header/);
  });
});
