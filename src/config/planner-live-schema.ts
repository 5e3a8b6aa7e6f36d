import * as z from "zod/mini";
import { choice, orNull, realNumber, text, truth, wholeNumber } from "./fields.ts";

/**
 * Parts of the planner configuration that only a live deployment uses: accepted and checked, so that one file serves
 * both, and without effect on a replay.
 */

const optionalText = (description: string) => orNull(text(description));
const texts = (description: string) => z.array(text(description), "expected a list");

/** Live-only keys at the top level. */
export const livePlannerFields = {
  environment: choice(["kubernetes", "virtual", "global-planner"], "Live only: who carries decisions out."),
  namespace: text("Live only: namespace of the deployment."),
  backend: choice(["vllm", "sglang", "trtllm", "mocker"], "Live only: engines of the deployment."),
  model_name: optionalText("Live only: model served."),
  global_planner_namespace: optionalText("Live only: namespace of the global planner."),
  log_dir: optionalText("Live only: folder of logs."),
  profile_results_dir: text("Live only: folder of profiling results."),
  throughput_metrics_source: choice(["frontend", "router"], "Live only: where traffic is counted."),
  metric_pulling_prometheus_endpoint: text("Live only: Prometheus to read."),
  metric_pulling_prometheus_token: optionalText("Live only: its bearer token."),
  metric_pulling_prometheus_token_file: optionalText("Live only: file with its bearer token."),
  metric_pulling_prometheus_ssl_verify: truth("Live only: check its certificate."),
  metric_pulling_prometheus_extra_query_params: orNull(
    z.record(z.string(), z.string("expected text"), "expected an object of texts"),
  ),
  metric_pulling_prometheus_ca_bundle: optionalText("Live only: certificates to trust."),
  metric_reporting_prometheus_port: wholeNumber({ min: 0, max: 65_535 }, "Live only: port of the planner's metrics."),
  advisory: truth("Live only: decide without acting."),
  live_dashboard_port: wholeNumber({ min: 0, max: 65_535 }, "Live only: port of the dashboard."),
};

const pluginType = choice(["predict", "propose", "reconcile", "constrain"], "Stage of the plug-in.");
const holdPolicy = choice(["HOLD_LAST", "ACCEPT_WHEN_IDLE"], "What holds between calls.");
const needs = z.optional(texts("Observation the plug-in needs."));

const externalPlugin = z.strictObject({
  plugin_id: text("Name of the plug-in."),
  plugin_type: pluginType,
  priority: wholeNumber({}, "Smaller decides first."),
  endpoint: text("grpc:// address."),
  auth_token: z.optional(z.string("expected text")),
  protocol_version: z.optional(text("Protocol version.")),
  version: z.optional(text("The plug-in's own version.")),
  execution_interval_seconds: z.optional(realNumber({ min: 0 }, "Seconds between calls.")),
  hold_policy: z.optional(holdPolicy),
  needs,
  requires_produced_fields: needs,
  observation_window_seconds: z.optional(realNumber({ min: 0 }, "Seconds of traffic it looks at.")),
});

/** The base tick, and plug-ins of the live planner. */
export const scheduling = z.strictObject(
  {
    scale_interval_seconds: z.optional(
      realNumber(
        { above: 0 },
        "Seconds between ticks; must divide the intervals in use. Default: their greatest common divisor.",
      ),
    ),
    tick_max_duration_seconds: z.optional(realNumber({ above: 0 }, "Live only: a tick may take this long.")),
    external_plugins: z.optional(z.array(externalPlugin, "expected a list")),
    gateway: z.optional(
      z.strictObject({
        enabled: z.optional(truth("Live only: let plug-ins register.")),
        listen: z.optional(text("Live only: address plug-ins register at.")),
        allow_insecure: z.optional(truth("Live only: without encryption.")),
      }),
    ),
  },
  "expected an object",
);

const inProcessPlugin = z.strictObject({
  module: text("Python module."),
  class: text("Python class."),
  plugin_id: text("Name of the plug-in."),
  plugin_type: pluginType,
  priority: wholeNumber({}, "Smaller decides first."),
  execution_interval_seconds: z.optional(realNumber({ min: 0 }, "Seconds between calls.")),
  hold_policy: z.optional(holdPolicy),
  needs,
  requires_produced_fields: needs,
  observation_window_seconds: z.optional(realNumber({ min: 0 }, "Seconds of traffic it looks at.")),
  kwargs: z.optional(z.record(z.string(), z.unknown(), "expected an object")),
});

/** How plug-ins of the live planner register. */
export const pluginRegistration = z.strictObject(
  {
    auth: z.optional(
      z.strictObject({
        trusted_sources: z.optional(
          z.array(choice(["static_secret", "allow_unauthenticated"], "Who is trusted."), "expected a list"),
        ),
        static_secrets: z.optional(z.record(z.string(), z.string("expected text"), "expected an object of texts")),
      }),
    ),
    transport: z.optional(
      z.strictObject({
        allow_insecure_grpc: z.optional(truth("Live only: without encryption.")),
        request_timeout_seconds: z.optional(realNumber({ above: 0 }, "Live only: seconds a call may take.")),
        keepalive_time_ms: z.optional(wholeNumber({ min: 0 }, "Live only.")),
        max_message_size_bytes: z.optional(wholeNumber({ min: 1 }, "Live only.")),
      }),
    ),
    protocol_version_min: z.optional(text("Live only: oldest protocol accepted.")),
    protocol_version_max: z.optional(text("Live only: newest protocol accepted.")),
    heartbeat_timeout_seconds: z.optional(realNumber({ above: 0 }, "Live only.")),
    heartbeat_missed_threshold: z.optional(wholeNumber({ min: 1 }, "Live only.")),
    in_process_plugins: z.optional(z.array(inProcessPlugin, "expected a list")),
    admin: z.optional(z.strictObject({ mode: z.optional(choice(["allow_all", "k8s_rbac"], "Live only.")) })),
  },
  "expected an object",
);
