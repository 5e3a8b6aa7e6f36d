import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../test/run-cli.ts";
import { routerConfigSchema } from "../config/router-schema.ts";
import { simulate } from "../replay.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/router.md"), "utf8");
const block = (kind: string) => page.match(new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, "s"))![1]!;
const brief = { trace: "preset:conversation", routerMode: "kv_router", maxSimTimeSeconds: 20 } as const;

describe("docs/router.md", () => {
  test("names every setting of the router", () => {
    const missing = Object.keys(routerConfigSchema.def.shape).filter((key) => !page.includes(`\`${key}`));
    expect(missing.filter((key) => key !== "router_policy_config" && key !== "router_queue_policy")).toEqual([]);
  });

  test("its policy document runs", async () => {
    const file = join(scratchFolder(), "policy.yaml");
    writeFileSync(file, block("yaml"));
    const result = await simulate({ ...brief, numWorkers: 3, routerPolicyConfig: file });
    expect(result.warnings).toEqual([]);
    expect(result.completed_requests).toBeGreaterThan(10);
  });

  test("its conditional disaggregation runs", async () => {
    const engine = { num_gpu_blocks: 16384, block_size: 64 };
    const result = await simulate({
      ...brief,
      prefillEngineArgs: engine,
      decodeEngineArgs: engine,
      numPrefillWorkers: 3,
      numDecodeWorkers: 2,
      routerConfig: block("json"),
    });
    expect(result.warnings).toEqual([]);
    expect(result.completed_requests).toBeGreaterThan(10);
  });
});
