import { toJSONSchema } from "zod/mini";
import { ConfigError } from "../../config/config-error.ts";
import { suggestion } from "../../config/nearest-name.ts";
import { policyLoaders } from "../../planner/policies.ts";
import { exitCodes } from "../failure.ts";

const schemas: Readonly<Record<string, () => Promise<object>>> = {
  result: async () => {
    const { runResultSchema } = await import("../../result/schema.ts");
    return toJSONSchema(runResultSchema);
  },
  engine: async () => {
    const { engineArgsSchema } = await import("../../config/engine-args-schema.ts");
    return { ...toJSONSchema(engineArgsSchema), title: "windtunnel engine arguments" };
  },
  router: async () => {
    const { routerConfigSchema } = await import("../../config/router-schema.ts");
    return { ...toJSONSchema(routerConfigSchema), title: "windtunnel router configuration" };
  },
  client: async () => {
    const { clientConfigSchema } = await import("../../config/client-schema.ts");
    return { ...toJSONSchema(clientConfigSchema), title: "windtunnel client behaviour" };
  },
  fault: async () => {
    const { faultConfigSchema } = await import("../../config/fault-schema.ts");
    return { ...toJSONSchema(faultConfigSchema), title: "windtunnel worker faults" };
  },
  planner: async () => {
    const { plannerConfigSchema } = await import("../../config/planner-schema.ts");
    return { ...toJSONSchema(plannerConfigSchema), title: "windtunnel planner configuration" };
  },
};

/** What each describes, as help shows it. */
const meanings = {
  result: "what --report-json and --json give",
  engine: "--extra-engine-args, --prefill-engine-args, --decode-engine-args",
  router: "--router-config",
  client: "--client-config",
  fault: "--fault-config",
  planner: "--planner-config",
  "policy NAME": "--policy-config of a built-in policy",
};

/** `windtunnel schema NAME`: prints a JSON Schema; `windtunnel schema policy NAME` that of a policy's knobs. */
export async function run(args: string[]): Promise<number> {
  const names = Object.keys(meanings).join(", ");
  const [name, ...more] = args;
  if (name === "--help" || name === "-h") {
    process.stdout.write(help());
    return exitCodes.done;
  }
  if (name === "policy") return printPolicySchema(more);
  if (name === undefined || more.length > 0) {
    throw new ConfigError([{ where: "", message: `schema takes one name: ${names}` }]);
  }
  if (!Object.hasOwn(schemas, name)) {
    throw new ConfigError([
      {
        where: "",
        message: `unknown schema "${name}"${suggestion(name, [...Object.keys(schemas), "policy"])}; known: ${names}`,
      },
    ]);
  }
  process.stdout.write(`${JSON.stringify(await schemas[name]!(), null, 2)}\n`);
  return exitCodes.done;
}

function help(): string {
  const width = Math.max(...Object.keys(meanings).map((name) => name.length));
  const lines = Object.entries(meanings).map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}\n`);
  return (
    `Usage: windtunnel schema NAME\n\nPrints a JSON Schema, with the meaning and unit of every key.\n\nNames:\n${lines.join("")}\n` +
    `Policies: ${Object.keys(policyLoaders).join(", ")}\n`
  );
}

async function printPolicySchema(names: readonly string[]): Promise<number> {
  const known = Object.keys(policyLoaders);
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) {
    throw new ConfigError([{ where: "", message: `schema policy takes one name: ${known.join(", ")}` }]);
  }
  if (!Object.hasOwn(policyLoaders, name)) {
    const near = suggestion(name, known);
    throw new ConfigError([
      { where: "", message: `unknown policy "${name}"${near}; with knobs of their own: ${known.join(", ")}` },
    ]);
  }
  const { schema, title } = await policyLoaders[name]!();
  const json = { ...toJSONSchema(schema, { io: "input" }), title: `policy_config of ${name}: ${title}` };
  process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  return exitCodes.done;
}
