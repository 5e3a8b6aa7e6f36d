import { configureGlobal } from "fast-check";

/** Some properties are of code for pages, whose types know no process. */
const { process } = globalThis as { process?: { env: Readonly<Record<string, string | undefined>> } };
const seed = Number(process?.env["WINDTUNNEL_TEST_SEED"] ?? 1);

// The same cases every time: what a change breaks is seen with that change, and not with whichever comes later.
if (!Number.isNaN(seed)) configureGlobal({ seed });

/** fast-check, with the seed of `WINDTUNNEL_TEST_SEED` where a property names none; "fresh" = another every time. */
export * from "fast-check";
