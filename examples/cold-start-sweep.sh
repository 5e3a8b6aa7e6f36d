#!/usr/bin/env bash
# What the start-up time of a worker costs: the same run under the Dynamo planner for start-up times from 0 to 300 s.
# Writes cold-start-SECONDS.json (result), cold-start-SECONDS.txt (table) and prints the GPU hours of each.
#   examples/cold-start-sweep.sh [TRACE]
set -euo pipefail
trace=${1:-preset:toolagent}
windtunnel=${WINDTUNNEL:-npx windtunnel}

for seconds in 0 30 60 90 120 180 240 300; do
  $windtunnel replay "$trace" \
    --extra-engine-args "{\"aic_backend\":\"vllm\",\"aic_system\":\"h200_sxm\",\"aic_model_path\":\"nvidia/Llama-3.1-8B-Instruct-FP8\",\"aic_tp_size\":1,\"startup_time\":$seconds}" \
    --num-workers 2 \
    --planner-config "{\"mode\":\"agg\",\"optimization_target\":\"sla\",\"ttft_ms\":1500,\"itl_ms\":50,\"enable_throughput_scaling\":true,\"enable_load_scaling\":true,\"pre_deployment_sweeping_mode\":\"rapid\",\"throughput_adjustment_interval_seconds\":300,\"load_adjustment_interval_seconds\":10,\"prefill_engine_num_gpu\":1,\"decode_engine_num_gpu\":1,\"report_filename\":\"cold-start-$seconds.html\"}" \
    --report-json "cold-start-$seconds.json" >"cold-start-$seconds.txt"
  gpu_hours=$(grep -o 'GPU hours: [0-9.]*' "planner_reports/cold-start-$seconds.html" | head -1)
  echo "startup ${seconds} s: $gpu_hours"
done
