/** An array of numbers as numpy stores it: values in row-major order. */
export interface NumpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/**
 * Reads a .npy file (format 1 to 3) of floats or whole numbers, either byte order.
 * @throws Error saying what is unsupported
 */
export function readNpy(bytes: Uint8Array): NumpyArray {
  const isNpy = bytes.length >= 10 && bytes[0] === 0x93 && new TextDecoder().decode(bytes.subarray(1, 6)) === "NUMPY";
  if (!isNpy) throw new Error("not a .npy array");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirst = bytes[6] === 1;
  const headerLength = isFirst ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = (isFirst ? 10 : 12) + headerLength;
  const header = new TextDecoder("latin1").decode(bytes.subarray(isFirst ? 10 : 12, start));
  const type = /'descr':\s*'([<>|=]?)([a-z])(\d+)'/.exec(header);
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (type === null || shapeText === undefined) throw new Error(`unsupported array header ${header.trim()}`);
  const shape = shapeText
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const length = shape.reduce((product, side) => product * side, 1);
  const read = numberReader(view, type[2]!, Number(type[3]), type[1] !== ">");
  const size = Number(type[3]);
  if (bytes.length < start + length * size) throw new Error("the array ends too early");
  const values = Float64Array.from({ length }, (_, index) => read(start + index * size));
  const isColumnMajor = /'fortran_order':\s*True/.test(header) && shape.length === 2;
  return { shape, values: isColumnMajor ? transposed(values, shape[0]!, shape[1]!) : values };
}

function numberReader(view: DataView, kind: string, size: number, little: boolean): (at: number) => number {
  const readers: Readonly<Record<string, (at: number) => number>> = {
    f8: (at) => view.getFloat64(at, little),
    f4: (at) => view.getFloat32(at, little),
    i8: (at) => Number(view.getBigInt64(at, little)),
    i4: (at) => view.getInt32(at, little),
    i2: (at) => view.getInt16(at, little),
    u8: (at) => Number(view.getBigUint64(at, little)),
    u4: (at) => view.getUint32(at, little),
    u2: (at) => view.getUint16(at, little),
  };
  const reader = readers[`${kind}${size}`];
  if (reader === undefined) throw new Error(`unsupported number type ${kind}${size}`);
  return reader;
}

function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: values.length }, (_, index) => {
    const row = Math.floor(index / columns);
    return values[(index - row * columns) * rows + row]!;
  });
}
