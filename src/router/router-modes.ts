/** The routers there are, as `--router-mode` names them; the first is the default. They are made in simulation/router-factory.ts. */
export const routerModes = ["round_robin", "kv_router"] as const;

/** A router's name. */
export type RouterMode = (typeof routerModes)[number];
