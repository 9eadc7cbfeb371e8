#!/usr/bin/env python3
"""assay beside PyTorch on this machine: whole training steps, elementwise functions, memory.

    bench/peers.py --server build/bench/bench/step_server

Both sides alternate in short blocks (bench/step_server.cpp steps on command over a pipe, PyTorch
runs here), so every ratio is of two neighbouring blocks; which of them goes first alternates too.
Pairs during which other processes took more than a twentieth of the machine are discarded, as long
as enough others remain. Prints medians and quartiles as `figure NAME VALUE UNIT LOWER UPPER` lines,
then the same as Markdown rows.
"""
import argparse
import dataclasses
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time

MODELS = {"mlp": "(a) MLP", "cnn": "(b) CNN", "gpt-small": "(c) GPT 4x128",
          "gpt-medium": "(d) GPT 6x384"}
FUNCTIONS = ["exp", "tanh", "erf", "sin", "cos", "sigmoid", "log", "rsqrt"]
FUNCTION_ELEMENTS = 65536
BLOCK_S = 0.4     # what a block should take
FOREIGN_MAX = 0.05  # share of the machine that others may take during a pair
SETTLE_S = 0.02   # idle threads of the side that ran last may spin for some milliseconds


# ---- what both sides and every worker use ----

class Server:
    """One step_server."""

    def __init__(self, path, threads, *arguments):
        self.process = subprocess.Popen([path, str(threads), *map(str, arguments)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit(f"peers: step_server stopped at `{line}`")
        return answer

    def run(self, count):
        """Wall and CPU seconds, and the last loss or sum."""
        wall, cpu, check = self.ask(f"run {count}")
        return int(wall) * 1e-9, int(cpu) * 1e-9, float(check)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def busy_s():
    """Seconds that all processors together were busy or stolen since the machine started."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def quartiles(values):
    values = sorted(values)
    if len(values) == 1:
        return values * 3
    lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
    return [lower, middle, upper]


def alternate(server, threads, count, peer, options):
    """What summary() tells, of pairs of (assay seconds, peer seconds) a step."""
    pairs, loaded = [], []
    started = time.monotonic()
    for i in range(10**6):
        is_late = time.monotonic() - started > options.seconds and len(pairs) + len(loaded) > 2
        if len(pairs) >= options.pairs or is_late:
            break
        busy, own, wall = busy_s(), own_s(), time.monotonic()
        for side in ((0, 1) if i % 2 == 0 else (1, 0)):
            time.sleep(SETTLE_S)
            if side == 0:
                ours, our_cpu, _ = server.run(count)
            else:
                start, cpu_start = time.perf_counter(), time.process_time()
                peer(count)
                theirs, their_cpu = time.perf_counter() - start, time.process_time() - cpu_start
        foreign = busy_s() - busy - (own_s() - own) - our_cpu
        share = foreign / ((time.monotonic() - wall) * os.cpu_count())
        if share <= FOREIGN_MAX:
            pairs.append((ours / count, theirs / count))
        else:
            times = (our_cpu, their_cpu) if threads == 1 else (ours, theirs)
            loaded.append((times[0] / count, times[1] / count))
    is_quiet = len(pairs) >= min(5, options.pairs) or len(pairs) >= len(loaded)
    # On a machine that is never quiet one thread is compared by its processor time.
    used = pairs if is_quiet else loaded
    return summary(used, is_quiet, len(loaded) if is_quiet else len(pairs))


def summary(pairs, is_quiet, discarded):
    return {"ratio": quartiles([a / b for a, b in pairs]),
            "assay_s": quartiles([a for a, _ in pairs]),
            "peer_s": quartiles([b for _, b in pairs]),
            "pairs": len(pairs), "discarded": discarded, "quiet": is_quiet}


# ---- the PyTorch side ----

def torch_model(name, choices, tiny=False):
    """(module, optimizer, function that makes a step's batch)"""
    import torch
    from torch_models import Cnn, Gpt, GptShape, Mlp, make_optimizer
    generator = torch.Generator().manual_seed(1)
    if name == "mlp":
        module = Mlp([784, 512, 512, 10])
        images = torch.randn(10000, 784, generator=generator)
        labels = torch.arange(10000) % 10
        batch = 128
    elif name == "cnn":
        module = Cnn([3, 32, 64, 128], 2, 10, choices)
        images = torch.randn(2048, 3, 32, 32, generator=generator)
        labels = torch.arange(2048) % 10
        batch = 64
        if choices.channels_last:
            module = module.to(memory_format=torch.channels_last)
            images = images.to(memory_format=torch.channels_last)
    else:
        shape, batch = {"gpt-small": (GptShape(4, 128, 4, sequence=128), 16),
                        "gpt-medium": (GptShape(6, 384, 6, sequence=256), 8)}[name]
        if tiny:
            shape = dataclasses.replace(shape, layers=1)
        module = Gpt(shape, choices)
        text = torch.randint(256, (1 << 18,), generator=generator)
        windows = torch.arange(shape.sequence + 1)

    if name.startswith("gpt"):
        optimizer = make_optimizer(torch.optim.AdamW, decay_groups(module), choices, lr=3e-4)

        def next_batch():
            starts = torch.randint(len(text) - shape.sequence - 1, (batch, 1))
            return text[starts + windows]
    else:
        optimizer = make_optimizer(torch.optim.SGD, module.parameters(), choices, lr=0.01)

        def next_batch():
            index = torch.randint(len(images), (batch,))
            return images[index], labels[index]

    return module, optimizer, next_batch


def decay_groups(module):
    """Weight decay of matrices alone, as GPT-2's trainers do."""
    parameters = list(module.parameters())
    return [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.01},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}]


def stepper(name, choices, tiny=False):
    module, optimizer, next_batch = torch_model(name, choices, tiny)

    def steps(count):
        value = 0.0
        for _ in range(count):
            loss = module.loss(next_batch())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            value = loss.item()  # assay keeps every step's, too
        return value

    return steps


def best_stepper(name):
    """The fastest of PyTorch's ways: one question after the other, best of several short runs."""
    from torch_models import Choices
    questions = {"mlp": {"optimizer": ["foreach", "fused", "loop"]},
                 "cnn": {"channels_last": [True, False], "pool_first": [False, True],
                         "optimizer": ["foreach", "fused"]}}.get(
        name, {"fused_qkv": [True, False], "attention": ["sdpa", "matmul"],
               "optimizer": ["fused", "foreach", "loop"]})
    first = {question: answers[0] for question, answers in questions.items()}
    if name.startswith("gpt"):
        first["optimizer"] = "foreach"  # every PyTorch has it
    chosen, best, steps = Choices(**first), math.inf, None
    for question, answers in questions.items():
        for answer in answers:
            candidate = dataclasses.replace(chosen, **{question: answer})
            if steps is not None and candidate == chosen:
                continue
            try:
                run = stepper(name, candidate)
                run(2)
            except (RuntimeError, TypeError, ValueError):
                continue  # this PyTorch cannot do it on a CPU
            times, started = [], time.perf_counter()
            while len(times) < 3 or time.perf_counter() - started < 1.0:
                start = time.perf_counter()
                run(1)
                times.append(time.perf_counter() - start)
            if min(times) < best:
                chosen, best, steps = candidate, min(times), run
    described = {question: getattr(chosen, question) for question in questions}
    return steps, best, described


def torch_function(name):
    import torch
    n = FUNCTION_ELEMENTS
    share = torch.arange(n, dtype=torch.float32) * (8.0 / n)
    x = share + 8.0 / n if name in ("log", "rsqrt") else share - 4.0
    out = torch.empty(n)
    function = getattr(torch, name)

    def run(count):
        with torch.inference_mode():
            for _ in range(count):
                function(x, out=out)
        return float(out.double().sum())

    return run


# ---- workers: one a thread count, since libraries read their settings when they are loaded ----

def work(options):
    import torch
    torch.set_num_threads(options.threads)
    tell = lambda **record: print(json.dumps(record), flush=True)
    tell(kind="peer", version=torch.__version__, threads=options.threads,
         capability=getattr(torch.backends.cpu, "get_cpu_capability", lambda: "?")()
         if hasattr(torch.backends, "cpu") else "?")
    for name in options.models:
        steps, seconds, choices = best_stepper(name)
        server = Server(options.server, options.threads, "model", name)
        server.run(3)
        count = max(1, round(BLOCK_S / seconds))
        tell(kind="model", name=name, threads=options.threads, choices=choices, steps=count,
             **alternate(server, options.threads, count, steps, options))
        server.close()
    for name in options.functions if options.threads == 1 else []:
        run = torch_function(name)
        server = Server(options.server, 1, "function", name, FUNCTION_ELEMENTS)
        ours, theirs = server.run(3)[2], run(3)
        if not math.isclose(ours, theirs, rel_tol=1e-4, abs_tol=1e-2):
            raise SystemExit(f"peers: {name}: assay's sum {ours} is not PyTorch's {theirs}")
        start = time.perf_counter()
        run(100)
        count = max(1, round(100 * BLOCK_S / 4 / (time.perf_counter() - start)))
        tell(kind="function", name=name,
             **alternate(server, 1, count, run, options))
        server.close()


def resident(field):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    raise SystemExit(f"peers: no {field}")


def measure_memory(options):
    """Growth of this process by a training run, over a tiny one of the same kind with its data."""
    import torch
    from torch_models import Choices
    torch.set_num_threads(options.threads)
    name = options.models[0]
    choices = Choices(channels_last=True)
    tiny = stepper(name, choices, tiny=True)
    tiny(1)
    del tiny
    with open("/proc/self/clear_refs", "w", encoding="ascii") as clear:
        clear.write("5\n")
    held = resident("VmRSS:")
    stepper(name, choices)(4)
    print(resident("VmHWM:") - held)


# ---- the front ----

def environment(threads):
    count = str(threads)
    return dict(os.environ, OMP_NUM_THREADS=count, MKL_NUM_THREADS=count,
                OPENBLAS_NUM_THREADS=count)


def worker(options, threads, *arguments):
    command = [sys.executable, __file__, "--server", options.server, "--threads", str(threads),
               "--pairs", str(options.pairs), "--seconds", str(options.seconds), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                               env=environment(threads))
    for line in process.stdout:
        yield line
    if process.wait() != 0:
        raise SystemExit(f"peers: a worker failed: {' '.join(command)}")


def check_bits(options, threads):
    """Nothing is measured that does not give the bits of plainer kernels."""
    for name in options.models:
        if subprocess.run([options.server, str(threads), "check", name]).returncode != 0:
            raise SystemExit(f"peers: {name} at {threads} threads is not bit-exact")


def memory_of(options, name, threads):
    server = Server(options.server, threads, "model", name)
    server.run(4)
    ours = int(server.ask("memory")[0])
    server.close()
    lines = list(worker(options, threads, "--worker", "memory", "--models", name))
    return ours, int(lines[-1])


def figure(name, unit, values):
    lower, middle, upper = values
    print(f"figure {name} {middle:.4f} {unit} {lower:.4f} {upper:.4f}", flush=True)


def milliseconds(values):
    return f"{values[1] * 1e3:.2f}"


def ratio_text(values):
    return f"{values[1]:.3f} ({values[0]:.3f} to {values[2]:.3f})"


def report_model(record, rows):
    key = record["name"].replace("-", "_")
    figure(f"peers_{key}_{record['threads']}t_ratio", "x", record["ratio"])
    figure(f"peers_{key}_{record['threads']}t_assay", "ms", [v * 1e3 for v in record["assay_s"]])
    figure(f"peers_{key}_{record['threads']}t_torch", "ms", [v * 1e3 for v in record["peer_s"]])
    choices = ", ".join(f"{k}={v}" for k, v in record["choices"].items())
    state = "" if record["quiet"] else ", the machine was never quiet"
    if state and record["threads"] == 1:
        state += ": processor time"
    print(f"  {record['pairs']} pairs of {record['steps']} steps, {record['discarded']} discarded"
          f"{state}; PyTorch: {choices}", flush=True)
    rows.append(f"| {MODELS[record['name']]} | {record['threads']} | "
                f"{milliseconds(record['assay_s'])} | {milliseconds(record['peer_s'])} | "
                f"{ratio_text(record['ratio'])} |")


def report_function(record, rows):
    nanoseconds = 1e9 / FUNCTION_ELEMENTS
    ours, theirs = ([v * nanoseconds for v in record[k]] for k in ("assay_s", "peer_s"))
    figure(f"peers_{record['name']}_ratio", "x", record["ratio"])
    figure(f"peers_{record['name']}_assay", "ns/element", ours)
    figure(f"peers_{record['name']}_torch", "ns/element", theirs)
    rows.append(f"| {record['name']} | {ours[1]:.2f} | {theirs[1]:.2f} | "
                f"{ratio_text(record['ratio'])} |")


def front(options):
    sys.stdout.reconfigure(line_buffering=True)
    steps, functions, memory = [], [], []
    for threads in options.thread_counts:
        check_bits(options, threads)
        ratios = []
        for line in worker(options, threads, "--worker", "steps", "--models", *options.models,
                           "--functions", *options.functions):
            record = json.loads(line)
            if record["kind"] == "peer":
                print(f"PyTorch {record['version']} ({record['capability']}), "
                      f"{record['threads']} threads, {sys.executable}")
            elif record["kind"] == "model":
                ratios.append(record["ratio"][1])
                report_model(record, steps)
            else:
                report_function(record, functions)
        if len(ratios) > 1:
            mean = math.exp(statistics.fmean(map(math.log, ratios)))
            print(f"figure peers_geometric_mean_{threads}t_ratio {mean:.4f} x")
            steps.append(f"| geometric mean | {threads} | | | {mean:.3f} |")
    for name in options.models if options.memory else []:
        ours, theirs = memory_of(options, name, 1)
        key = name.replace("-", "_")
        print(f"figure peers_{key}_memory_assay {ours / 1e6:.1f} MB")
        print(f"figure peers_{key}_memory_torch {theirs / 1e6:.1f} MB")
        print(f"figure peers_{key}_memory_ratio {ours / theirs:.3f} x")
        memory.append(f"| {MODELS[name]} | {ours / 1e6:.1f} | {theirs / 1e6:.1f} | "
                      f"{ours / theirs:.2f} |")
    tables = [("| a step of | threads | assay ms | PyTorch ms | ratio (quartiles) |\n"
               "|---|---|---|---|---|", steps),
              ("| function | assay ns | PyTorch ns | ratio (quartiles) |\n|---|---|---|---|",
               functions),
              ("| peak memory of | assay MB | PyTorch MB | ratio |\n|---|---|---|---|", memory)]
    for head, rows in tables:
        if rows:
            print("\n" + head + "\n" + "\n".join(rows))


def main():
    parser = argparse.ArgumentParser(description="assay beside PyTorch on this machine")
    parser.add_argument("--server", required=True, help="bench/step_server of the build")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--functions", nargs="*", choices=FUNCTIONS, default=FUNCTIONS)
    parser.add_argument("--thread-counts", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--pairs", type=int, default=21, help="quiet pairs that are wanted")
    parser.add_argument("--seconds", type=float, default=60, help="most that one ratio may take")
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument("--worker", choices=["steps", "memory"], help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker == "steps":
        work(options)
    elif options.worker == "memory":
        measure_memory(options)
    else:
        front(options)


if __name__ == "__main__":
    main()
