import { unzipSync } from "fflate";
import type { NumpyArray } from "./npy.ts";
import { readNpy } from "./npy.ts";
import type { PassTimeGrid } from "./pass-time-grid.ts";
import { ProfileError } from "./profile-error.ts";

/** The named arrays of a .npz archive. @throws ProfileError */
export function readNpz(path: string, bytes: Uint8Array): ReadonlyMap<string, NumpyArray> {
  const arrays = new Map<string, NumpyArray>();
  let name = "";
  try {
    for (const [entry, content] of Object.entries(unzipSync(bytes))) {
      name = entry.replace(/\.npy$/, "");
      arrays.set(name, readNpy(content));
    }
  } catch (error) {
    throw new ProfileError(`${path}${name === "" ? "" : ` ${name}`}: ${(error as Error).message}`);
  }
  return arrays;
}

/** An array every profile must have. @throws ProfileError */
export function needArray(path: string, arrays: ReadonlyMap<string, NumpyArray>, name: string): NumpyArray {
  const found = arrays.get(name);
  if (found !== undefined) return found;
  throw new ProfileError(`${path}: no array ${name}; it has ${[...arrays.keys()].toSorted().join(", ") || "none"}`);
}

/** The grid of a mocker profile. @throws ProfileError when an array is missing or has the wrong shape */
export function npzGrid(path: string, arrays: ReadonlyMap<string, NumpyArray>): PassTimeGrid {
  const list = (name: string) => [...needArray(path, arrays, name).values];
  const itl = needArray(path, arrays, "decode_itl");
  const [rows, columns] = itl.shape;
  if (itl.shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new ProfileError(`${path}: decode_itl has ${itl.shape.length} dimensions, expected 2`);
  }
  return {
    prefillTokens: list("prefill_isl"),
    prefillMs: list("prefill_ttft_ms"),
    decodeActiveTokens: list("decode_active_kv_tokens"),
    decodeContextTokens: list("decode_context_length"),
    decodeMs: Array.from({ length: rows }, (_, row) => [...itl.values.subarray(row * columns, (row + 1) * columns)]),
  };
}
