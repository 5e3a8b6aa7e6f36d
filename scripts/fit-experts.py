"""Fits the constants of expert layers (src/perf/roofline/experts.ts) to the times AIConfigurator has of them.

    pip install aiconfigurator-core==0.12.0 scipy pyyaml
    python scripts/fit-experts.py collect times.json
    python scripts/fit-experts.py fit times.json src/perf/roofline/constants.json
    npx oxfmt src/perf/roofline/constants.json

`collect` asks for every GPU, backend, model and split below (a few minutes); `fit` solves for one list of constants a
GPU, backend and kind of expert, and writes those lists, and only those, into the constants file. What they bring is
judged by `windtunnel perf check`; the overheads of servers are then to be fitted anew (`windtunnel perf fit-overheads`).
"""

import contextlib
import io
import json
import logging
import pathlib
import sys

import numpy as np

VERSIONS = {"vllm": "0.24.0", "sglang": "0.5.14", "trtllm": "1.3.0rc20"}
AMPERE_VERSIONS = {"vllm": "0.14.0", "sglang": "0.5.10", "trtllm": "1.0.0"}
GPUS = ["a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm", "gb200", "gb300", "l40s", "rtx_pro_6000_server"]
MODELS = {
    "bf16": [
        "Qwen/Qwen3-30B-A3B",
        "Qwen/Qwen3-235B-A22B",
        "Qwen/Qwen3-Coder-480B-A35B-Instruct",
        "Qwen/Qwen3.5-35B-A3B",
        "Qwen/Qwen3.5-122B-A10B",
        "Qwen/Qwen3.5-397B-A17B",
        "mistralai/Mixtral-8x7B-v0.1",
        "mistralai/Mixtral-8x22B-v0.1",
    ],
    "fp8_block": [
        "Qwen/Qwen3-30B-A3B-FP8",
        "Qwen/Qwen3-235B-A22B-FP8",
        "MiniMaxAI/MiniMax-M2.5",
        "deepseek-ai/DeepSeek-R1",
        "deepseek-ai/DeepSeek-V3.2",
        "zai-org/GLM-5-FP8",
    ],
    "nvfp4": [
        "nvidia/Qwen3-235B-A22B-NVFP4",
        "nvidia/MiniMax-M2.5-NVFP4",
        "nvidia/Qwen3.5-122B-A10B-NVFP4",
        "nvidia/Qwen3.5-397B-A17B-NVFP4",
        "nvidia/DeepSeek-V3.1-NVFP4",
        "nvidia/Kimi-K2.5-NVFP4",
        "nvidia/GLM-5-NVFP4",
    ],
    "mxfp4": ["openai/gpt-oss-20b", "openai/gpt-oss-120b"],
    "int4": ["moonshotai/Kimi-K2.5"],
}
# The models whose whole passes are in the truth files count four times: unsplit, or DeepSeek's on eight GPUs.
HEAVY = {"Qwen/Qwen3-30B-A3B", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-R1"}
HEAVY_ON_EIGHT = {"deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-V3.2"}
WEIGHT = 4
# Of DeepSeek-R1 and V3.2, one shape, V3.2 stands for the backends that have no times of R1.
TWINS = {("deepseek-ai/DeepSeek-V3.2", "vllm")}
SPLITS = [(1, 1), (2, 1), (4, 1), (8, 1), (1, 2), (1, 4), (1, 8), (1, 16), (2, 4)]  # tensor, expert parallel
TOKENS = [2**power for power in range(16)]
BYTES = {"bf16": 2, "fp8_block": 1, "nvfp4": 0.5625, "mxfp4": 0.53125, "int4": 0.5}  # of a weight as it is streamed
PEAK = {"bf16": "bfloat16", "fp8_block": "fp8", "nvfp4": "fp4", "mxfp4": "bfloat16", "int4": "bfloat16"}

# In the order of `columns.experts` of the constants file.
LOWEST = [1, 0.02, 0.01, 0.02, 0.1, 1e-3, 1e-4, 1e-3, 1e-3, 0.5]
HIGHEST = [300, 1, 500, 1, 3, 1, 2, 100, 60, 1.2]
STARTS = [
    [35, 0.5, 10, 0.7, 0.7, 0.3, 0.05, 1, 1, 0.95],
    [15, 0.3, 2, 0.9, 1, 0.2, 0.01, 0.1, 5, 0.9],
    [15, 0.15, 60, 0.6, 0.8, 0.2, 0.5, 2, 2, 0.7],
]


def collect(path):
    from aiconfigurator_core.sdk.engine import EngineHandle

    logging.disable(logging.CRITICAL)
    rows = []
    for gpu in GPUS:
        versions = AMPERE_VERSIONS if gpu == "a100_sxm" else VERSIONS
        for backend, version in versions.items():
            for kind, models in MODELS.items():
                for model in models:
                    for split in SPLITS:
                        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                            times = expert_times(EngineHandle, gpu, backend, version, model, split)
                        rows += [dict(gpu=gpu, backend=backend, kind=kind, model=model, split=split, **one) for one in times]
            print(gpu, backend, len(rows), file=sys.stderr)
    pathlib.Path(path).write_text(json.dumps(rows))


def expert_times(engines, gpu, backend, version, model, split):
    """Milliseconds of all expert layers for each count of tokens; empty where AIConfigurator has no data."""
    tensor, expert = split
    times = []
    try:
        engine = engines.compile(
            model, gpu, backend, backend_version=version, tp_size=tensor * expert, moe_tp_size=tensor, moe_ep_size=expert
        )
        for tokens in TOKENS:
            operations, _ = engine.run_static_per_op(batch_size=1, isl=tokens, osl=2, prefix=0)
            times += [dict(tokens=tokens, ms=ms) for name, ms, _, _ in operations if name == "context_moe"]
    except Exception:
        # It raises a kind of its own for every sort of missing table.
        pass
    return times


def fit(path, constants_path):
    from scipy.optimize import least_squares

    rows = [row for row in json.loads(pathlib.Path(path).read_text()) if (row["model"], row["backend"]) not in TWINS]
    constants = json.loads(pathlib.Path(constants_path).read_text())
    groups = {}
    for row in rows:
        groups.setdefault((row["gpu"], row["backend"], row["kind"]), []).append(row)
    for (gpu, backend, kind), group in groups.items():
        data = columns(group)
        weights = np.array([weight(row) for row in group])
        best = None
        for start in STARTS:
            found = least_squares(
                lambda logs: weights * np.log(microseconds(np.exp(logs), data) / data["us"]),
                np.log(start),
                loss="soft_l1",
                f_scale=0.1,
                bounds=(np.log(LOWEST), np.log(HIGHEST)),
                max_nfev=400,
            )
            best = found if best is None or found.cost < best.cost else best
        solved = np.exp(best.x)
        errors = np.abs(microseconds(solved, data) / data["us"] - 1)
        print(f"{gpu} {backend} {kind}: {len(group)} rows, {np.median(errors):.1%} median, {np.quantile(errors, 0.9):.1%} p90")
        experts = constants["gpus"].setdefault(gpu, {}).setdefault(backend, {}).setdefault("experts", {})
        experts[kind] = [float(f"{value:.4g}") for value in solved]
    pathlib.Path(constants_path).write_text(json.dumps(constants, indent=2) + "\n")


def weight(row):
    tensor, expert = row["split"]
    unsplit = row["model"] in HEAVY and expert == 1
    return WEIGHT if unsplit or (row["model"] in HEAVY_ON_EIGHT and tensor * expert == 8) else 1.0


def columns(group):
    """What the formula needs of each row, as arrays."""
    shapes = {model: shape(model) for model in {row["model"] for row in group}}
    gpu = system(group[0]["gpu"])
    kind = group[0]["kind"]
    peak = gpu.get(f"{PEAK[kind]}_tc_flops") or gpu["bfloat16_tc_flops"]
    data = {name: np.array([shapes[row["model"]][name] for row in group], float) for name in shapes[group[0]["model"]]}
    data |= dict(flops=peak, bandwidth=gpu["mem_bw"], bytes=BYTES[kind])
    data["tokens"] = np.array([row["tokens"] for row in group], float)
    data["tensor"], data["expert"] = np.array([row["split"] for row in group], float).T
    data["us"] = np.array([row["ms"] for row in group]) * 1e3 / data["layers"]
    return data


def shape(model):
    import aiconfigurator_core

    folder = pathlib.Path(aiconfigurator_core.__file__).parent / "model_configs"
    config = json.loads((folder / f"{model.replace('/', '--', 1)}_config.json").read_text())
    config = config.get("text_config", config)

    def first(*names):
        return next(config[name] for name in names if config.get(name) is not None)

    return dict(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        experts=first("n_routed_experts", "num_experts", "num_local_experts"),
        chosen=config["num_experts_per_tok"],
        intermediate=first("moe_intermediate_size", "intermediate_size"),
    )


def system(gpu):
    import aiconfigurator_core
    import yaml

    folder = pathlib.Path(aiconfigurator_core.__file__).parent / "systems"
    return yaml.safe_load((folder / f"{gpu}.yaml").read_text())["gpu"]


def microseconds(constants, data):
    """The formula of experts.ts, for all rows at once."""
    start, efficiency, half_rows, memory_efficiency, scale, crowded, per_expert, half_width, sharpness, power = constants
    width = data["intermediate"] / data["tensor"]
    uneven = 1 + crowded * (data["expert"] - 1)
    hit = np.minimum(data["chosen"] / data["experts"] * np.sqrt(uneven), 0.999)
    reached = data["experts"] / data["expert"] * (1 - (1 - hit) ** np.maximum(scale * data["tokens"] ** power, 1e-9))
    rows = data["tokens"] * data["chosen"] / data["expert"] * uneven
    each = rows / reached
    got = efficiency * (each / (each + half_rows)) * (width / (width + half_width * 100))
    compute = 6 * rows * data["hidden"] * width / (data["flops"] * got)
    moved = data["bytes"] * 3 * reached * data["hidden"] * width + 2 * rows * (2 * data["hidden"] + 3 * width)
    memory = moved / (data["bandwidth"] * memory_efficiency)
    larger = np.maximum(compute, memory)
    joint = 1 + sharpness
    work = larger * ((compute / larger) ** joint + (memory / larger) ** joint) ** (1 / joint)
    return start + per_expert * reached + work * 1e6


if __name__ == "__main__":
    command, *paths = sys.argv[1:] or [""]
    if command == "collect" and len(paths) == 1:
        collect(*paths)
    elif command == "fit" and len(paths) == 2:
        fit(*paths)
    else:
        sys.exit(__doc__)
