import * as z from "zod/mini";
import { choice, orNull, realNumber, wholeNumber } from "./fields.ts";

const milliseconds = (description: string) => realNumber({ above: 0 }, description);

/** What clients do beside sending requests and waiting (docs/replay.md); missing keys mean that they wait for ever. */
export const clientConfigSchema = z.strictObject({
  timeout_ms: z.optional(orNull(milliseconds("Longest a client waits for the last token of an attempt, ms."))),
  first_token_timeout_ms: z.optional(
    orNull(milliseconds("Longest a client waits for the first token of an attempt, ms.")),
  ),
  cancel_share: z.optional(realNumber({ min: 0, max: 1 }, "Share of requests whose user walks away (default 0).")),
  cancel_after_ms: z.optional(
    milliseconds("Mean time until such a user walks away, exponentially distributed, ms (default 10000)."),
  ),
  max_retries: z.optional(wholeNumber({ min: 0, max: 100 }, "Attempts after the first (default 0).")),
  retry_on: z.optional(
    z.array(
      choice(
        ["timeout", "failure", "refusal"],
        "timeout: the client gave up; failure: a worker did; refusal: the router.",
      ),
    ),
  ),
  backoff_ms: z.optional(realNumber({ min: 0 }, "Time before the first retry, ms (default 1000).")),
  backoff_factor: z.optional(
    realNumber({ min: 1 }, "Each further retry waits so many times as long as the one before (default 2)."),
  ),
  max_backoff_ms: z.optional(realNumber({ min: 0 }, "Longest time before a retry, ms (default 60000).")),
  jitter: z.optional(
    realNumber({ min: 0, max: 1 }, "Each such time is drawn evenly from this share around it (default 0.5)."),
  ),
});
