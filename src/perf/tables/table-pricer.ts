import type { Deployment } from "../deployment.ts";
import type { OperationPricer } from "../operation-pricer.ts";
import type { GemmQuantization } from "../quantization.ts";
import type { AttentionShare } from "../roofline/attention.ts";
import { attentionShare, rotaryAndCacheSeconds } from "../roofline/attention.ts";
import { elementwiseSeconds } from "../roofline/elementwise.ts";
import type { AttentionTables, Extrapolation } from "./attention-tables.ts";
import { meanDecode, readAttentionTables } from "./attention-tables.ts";
import type { GemmTables } from "./gemm-tables.ts";
import { readGemmTables } from "./gemm-tables.ts";
import { MeasuredCurve } from "./measured-curve.ts";
import { TableError } from "./table-error.ts";
import type { TableFolder } from "./table-folder.ts";

/** Prices single operations from AIConfigurator's measured tables, as AIConfigurator 0.11 does (aic-run-findings §3). */
class TablePricer implements OperationPricer {
  private readonly deployment: Deployment;
  private readonly share: AttentionShare;
  private readonly products: GemmTables;
  private readonly attention: AttentionTables;
  private readonly reduce: MeasuredCurve | null;
  private readonly rotaryAndCacheMs: number;

  constructor(
    deployment: Deployment,
    share: AttentionShare,
    products: GemmTables,
    attention: AttentionTables,
    reduce: MeasuredCurve | null,
  ) {
    this.deployment = deployment;
    this.share = share;
    this.products = products;
    this.attention = attention;
    this.reduce = reduce;
    this.rotaryAndCacheMs = rotaryAndCacheSeconds(deployment.gpu, share) * 1e3;
  }

  memory(bytes: number): number {
    return elementwiseSeconds(this.deployment.gpu, bytes) * 1e3;
  }

  gemm(
    rows: number,
    columns: number,
    depth: number,
    quantization: GemmQuantization,
    lowPrecisionInput: boolean,
  ): number {
    return this.products.at(rows, columns, depth, quantization, lowPrecisionInput);
  }

  prefillAttention(requests: number, newTokens: number, prefixTokens: number): number {
    const length = newTokens + prefixTokens;
    const whole = this.attention.prefill.at(this.share.heads, length, requests);
    const isNew = (length * length - prefixTokens * prefixTokens) / (length * length);
    return whole * isNew + this.rotaryAndCacheMs;
  }

  decodeAttention(requests: number, contextTokens: number): number {
    return meanDecode(this.attention.decode, this.share.heads, requests, contextTokens);
  }

  allReduce(elements: number): number {
    return this.reduce === null ? 0 : this.reduce.at(elements);
  }

  linearPrefill(): number {
    return notTabled();
  }

  linearDecode(): number {
    return notTabled();
  }

  gather(): number {
    return notTabled();
  }

  scatter(): number {
    return notTabled();
  }

  experts(): number {
    return notTabled();
  }
}

function notTabled(): never {
  throw new Error("the table model prices dense models with grouped-query attention only");
}

/** Reads the tables a deployment needs. @throws TableError when the folder has none for it */
export async function readTablePricer(
  folder: TableFolder,
  given: Deployment,
  extrapolation: Extrapolation = "0.11",
): Promise<TablePricer> {
  const deployment = { ...given, gpu: folder.gpu };
  const { model, tensorParallelSize } = deployment;
  const { attention, feedForward, quantization } = model;
  if (
    attention.kind !== "grouped-query" ||
    attention.linear !== null ||
    attention.slidingWindow !== null ||
    feedForward.kind !== "dense"
  ) {
    throw new TableError(
      `the table model prices dense models with grouped-query attention, which ${model.name} is not; leave perf_data out to use the roofline`,
    );
  }
  const share = attentionShare(deployment, attention);
  const [products, tables, reduce] = await Promise.all([
    readGemmTables(folder, [quantization.gemm, quantization.attentionProjections, quantization.outputProjection]),
    readAttentionTables(folder, share, extrapolation),
    tensorParallelSize > 1 ? readAllReduce(folder, tensorParallelSize) : null,
  ]);
  return new TablePricer(deployment, share, products, tables, reduce);
}

/** All-reduce times over message sizes (numbers, not bytes); rows launched eagerly are not what a server runs. */
async function readAllReduce(folder: TableFolder, gpus: number): Promise<MeasuredCurve> {
  for (const path of folder.files("comm", "custom_allreduce_perf")) {
    const table = await folder.read(path, ["num_gpus", "message_size", "kernel_source", "latency"]);
    const counts = table.numbers("num_gpus");
    const sizes = table.numbers("message_size");
    const latencies = table.numbers("latency");
    const kernels = table.texts("kernel_source");
    const points: [number, number][] = [];
    for (let row = 0; row < table.length; row++) {
      if (counts[row] === gpus && !kernels[row]!.endsWith("_eager")) points.push([sizes[row]!, latencies[row]!]);
    }
    if (points.length > 0) return new MeasuredCurve(points);
  }
  throw new TableError(
    `${folder.systems}: no all-reduce over ${gpus} GPUs was measured under ${folder.backend} ${folder.version}`,
  );
}
