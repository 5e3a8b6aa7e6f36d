#!/usr/bin/env bash
# Aggregated against disaggregated serving under the Dynamo planner: the guide's two commands with the program's name
# changed. TRACE is a Mooncake trace; without one a seeded model of the tool&agent trace is replayed.
#   examples/agg-vs-disagg.sh [TRACE]
set -euo pipefail
trace=${1:-preset:toolagent}
windtunnel=${WINDTUNNEL:-npx windtunnel}
engine='"aic_backend":"vllm","aic_system":"h200_sxm","aic_model_path":"nvidia/Llama-3.1-8B-Instruct-FP8","aic_tp_size":1'
planner='"optimization_target":"sla","ttft_ms":1500,"itl_ms":50,"enable_throughput_scaling":true,"enable_load_scaling":true,"pre_deployment_sweeping_mode":"rapid","throughput_adjustment_interval_seconds":300,"load_adjustment_interval_seconds":10,"prefill_engine_num_gpu":1,"decode_engine_num_gpu":1'

echo "== aggregated"
$windtunnel replay "$trace" \
  --extra-engine-args "{$engine}" \
  --num-workers 2 \
  --planner-config "{\"mode\":\"agg\",$planner,\"report_filename\":\"agg.html\"}" \
  --report-json agg.json

echo "== disaggregated"
$windtunnel replay "$trace" \
  --prefill-engine-args "{$engine,\"worker_type\":\"prefill\"}" \
  --decode-engine-args "{$engine,\"worker_type\":\"decode\"}" \
  --num-prefill-workers 1 \
  --num-decode-workers 1 \
  --planner-config "{\"mode\":\"disagg\",$planner,\"report_filename\":\"disagg.html\"}" \
  --report-json disagg.json
