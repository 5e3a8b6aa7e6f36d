/** Serving backends whose kernels were measured. */
export type BackendName = "vllm" | "trtllm" | "sglang";

/** Backends in the order they are listed to people. */
export const backendNames: readonly BackendName[] = ["vllm", "trtllm", "sglang"];

/** The backend of a name in any common spelling, or null. */
export function backendOf(name: string): BackendName | null {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  if (plain === "tensorrtllm" || plain === "tllm") return "trtllm";
  return backendNames.find((known) => known === plain) ?? null;
}
