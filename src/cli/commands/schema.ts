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

/** `windtunnel schema NAME`: prints a JSON Schema; `windtunnel schema policy NAME` that of a policy's knobs. */
export async function run(args: string[]): Promise<number> {
  const names = [...Object.keys(schemas), "policy NAME"].join(", ");
  const [name, ...more] = args;
  if (name === "--help" || name === "-h") {
    process.stdout.write(
      `Usage: windtunnel schema NAME\n\nPrints a JSON Schema. NAME: ${names}\nPolicies: ${Object.keys(policyLoaders).join(", ")}\n`,
    );
    return exitCodes.done;
  }
  if (name === "policy") return printPolicySchema(more);
  if (name === undefined || more.length > 0) {
    throw new ConfigError([{ where: "", message: `windtunnel schema takes one name: ${names}` }]);
  }
  const make = schemas[name];
  if (make === undefined) {
    throw new ConfigError([
      { where: "", message: `unknown schema "${name}"${suggestion(name, Object.keys(schemas))}; known: ${names}` },
    ]);
  }
  process.stdout.write(`${JSON.stringify(await make(), null, 2)}\n`);
  return exitCodes.done;
}

async function printPolicySchema(names: readonly string[]): Promise<number> {
  const known = Object.keys(policyLoaders);
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) {
    throw new ConfigError([{ where: "", message: `windtunnel schema policy takes one name: ${known.join(", ")}` }]);
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
