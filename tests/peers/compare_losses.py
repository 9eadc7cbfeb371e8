"""Trains a model that assay trained again in PyTorch, from the same weights on the same batches,
and compares the loss of every step.

    compare_losses.py WRITE_RUN FAMILY      exit code 77: this python has no torch

The curves must agree to float tolerance, and so must the running statistics of batch norm. So that the test can fail, PyTorch also trains with a learning rate one percent greater, and
where there is dropout with the masks of another seed: those curves must leave the tolerance.
"""
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
try:
    import numpy
    import torch
    import torch.nn.functional as F
    import philox
    from torch_models import Choices, Cnn, Gpt, GptShape, Mlp, ResNet
except ImportError as error:
    print(f"skipped: {sys.executable} has no PyTorch ({error}); Debian's package is python3-torch")
    sys.exit(77)

STEPS = 200
# Of a loss, relative: some eighty units in the last place. The curves are measured to differ by
# three to ten; sums in another order may do more.
TOLERANCE = 1e-5
# A network with batch norm makes any difference greater at every step: PyTorch's own curve, with one
# weight moved by one unit in the last place, is measured to leave it by 6e-5 within 200 steps. So
# TOLERANCE holds for the first of them, and this for the others.
CALM_STEPS = {"resnet": 30, "resnet_parts": 30}
LATE_TOLERANCE = 3e-4
# After so many steps running statistics are compared, as shares of their greatest. In the second
# stage a variance over n instead of n - 1 values is off by 8e-4.
STATISTICS_AFTER = 30
STATISTICS_TOLERANCE = 1e-4


def read_safetensors(path):
    with open(path, "rb") as file:
        raw = file.read()
    size = int.from_bytes(raw[:8], "little")
    types = {"F32": "<f4", "U8": "u1", "U32": "<u4", "U64": "<u8"}
    tensors = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(raw[begin:end], types[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


class Weights:
    """assay's initial weights; all of them must be asked for."""

    def __init__(self, tensors):
        self.left = {k[len("model/"):]: v for k, v in tensors.items() if k.startswith("model/")}
        self.running = {}  # statistics by assay's name

    def into(self, parameter, name, *axes):
        """`axes`: assay's axes in PyTorch's order; none: they are the same."""
        values = self.left.pop(name)
        with torch.no_grad():
            values = numpy.array(values.transpose(axes) if axes else values)
            parameter.copy_(torch.from_numpy(values))

    def linear(self, layer, name):
        self.into(layer.weight, name + "/weight", 1, 0)
        if layer.bias is not None:
            self.into(layer.bias, name + "/bias")

    def norm(self, layer, name):
        self.into(layer.weight, name + "/weight")
        if getattr(layer, "bias", None) is not None:
            self.into(layer.bias, name + "/bias")

    def batch_norm(self, layer, name):
        self.norm(layer, name)
        for buffer, kind in ((layer.running_mean, "mean"), (layer.running_var, "variance")):
            self.into(buffer, f"{name}/{kind}")
            self.running[f"{name}/{kind}"] = buffer

    def convolution(self, layer, name):
        self.into(layer.weight, name + "/weight", 3, 2, 0, 1)
        if layer.bias is not None:
            self.into(layer.bias, name + "/bias")


def load_mlp(weights):
    model = Mlp([144, 64, 48, 10])
    for i, layer in enumerate(model.layers, 1):
        weights.linear(layer, f"dense{i}")
    return model


def load_cnn(weights):
    model = Cnn([3, 8, 12, 16], 2, 10)
    for i, layer in enumerate(model.convolutions, 1):
        weights.convolution(layer, f"conv{i}")
    weights.linear(model.head, "dense1")
    return model


def load_resnet(weights):
    model = ResNet(3, [8, 12], 2, 10)
    weights.convolution(model.conv, "conv")
    weights.batch_norm(model.norm, "norm")
    for i, stage in enumerate(model.stages, 1):
        for j, block in enumerate(stage, 1):
            for k in range(1, 4 if block.has_projection else 3):
                name = f"stage{i}/block{j}"
                weights.convolution(getattr(block, f"conv{k}"), f"{name}/conv{k}")
                weights.batch_norm(getattr(block, f"norm{k}"), f"{name}/norm{k}")
    weights.linear(model.head, "dense")
    return model


def load_gpt(weights, shape):
    model = Gpt(shape, Choices(fused_qkv=False))
    weights.into(model.tokens.weight, "token/embedding")
    if model.positions is not None:
        weights.into(model.positions.weight, "position/embedding")
    for i, block in enumerate(model.blocks, 1):
        layer = f"layer{i}"
        weights.norm(block.norm1, layer + "/norm1")
        weights.norm(block.norm2, layer + "/norm2")
        for name, module in (("query", block.attention.query), ("key", block.attention.key),
                             ("value", block.attention.value), ("project", block.attention.out),
                             ("up", block.feed_forward.up), ("down", block.feed_forward.down)):
            weights.linear(module, f"{layer}/{name}")
        if shape.activation == "swiglu":
            weights.linear(block.feed_forward.gate, layer + "/gate")
    weights.norm(model.norm, "norm")
    if not shape.tied:
        weights.linear(model.head, "head")
    return model


GPT2 = GptShape(layers=2, width=48, heads=4, sequence=32, vocabulary=64)
LLAMA = GptShape(layers=2, width=48, heads=4, key_heads=2, sequence=32, vocabulary=64, norm="rms",
                 positions="rotary", activation="swiglu", biases=False, tied=False)
GPT2_DROPOUT = dataclasses.replace(GPT2, dropout=0.2)
LOADERS = {"mlp": load_mlp, "cnn": load_cnn, "resnet": load_resnet, "resnet_parts": load_resnet,
           "gpt2": lambda w: load_gpt(w, GPT2), "gpt2_dropout": lambda w: load_gpt(w, GPT2_DROPOUT),
           "gpt2_parts": lambda w: load_gpt(w, GPT2_DROPOUT),
           "llama": lambda w: load_gpt(w, LLAMA)}
PARTS = {"resnet_parts": 2, "gpt2_parts": 4}  # whose gradients a step averages


class Dropout(torch.nn.Module):
    """assay's masks (docs/spec/models.md, INV-MOD-003): one purpose for each dropout of a step, in
    the order in which they are reached."""

    def __init__(self, stream, rate):
        super().__init__()
        self.stream = stream
        self.rate = numpy.float32(rate)

    def forward(self, x):
        kept = self.stream.draw(tuple(x.shape)) >= self.rate
        return x * torch.from_numpy(kept.astype("f4") * numpy.float32(1 / (1 - float(self.rate))))


class Stream:
    def __init__(self, seed):
        self.seed, self.step, self.count = seed, -1, 0

    def begin(self, step):
        self.step, self.count = step, 0

    def draw(self, shape):
        self.count += 1
        return philox.uniform(self.seed, 2**33 + self.count - 1, self.step, shape)


def feed_masks(module, stream):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Dropout):
            setattr(module, name, Dropout(stream, child.p))
        else:
            feed_masks(child, stream)


def image_batches(tensors):
    images = (torch.from_numpy(tensors["train/images"].copy()).float() / 255 - 0.286) / 0.353
    images = images.permute(0, 3, 1, 2) if images.dim() == 4 else images.flatten(1)
    labels = torch.from_numpy(tensors["train/labels"].astype("i8"))
    for row in tensors["run/indices"].astype("i8"):
        yield images[row], labels[row]


def text_batches(tensors):
    text = torch.from_numpy(tensors["train/tokens"].astype("i8"))
    window = torch.arange(GPT2.sequence + 1)
    for row in tensors["run/indices"].astype("i8"):
        yield text[torch.from_numpy(row)[:, None] + window]


def cosine_with_warmup(step):
    risen = min((step + 1) / 20, 1)
    done = min(max(step - 20, 0) / (STEPS - 20), 1)
    return risen * (0.1 + 0.9 * (math.cos(math.pi * done) + 1) / 2)


def make_optimizer(family, model, rate):
    """(optimizer, its rate's share at a step, the norm that gradients are clipped to)"""
    parameters = list(model.parameters())
    if family == "mlp":
        return torch.optim.SGD(parameters, lr=0.05 * rate), lambda step: 1.0, None
    if family == "cnn":
        sgd = torch.optim.SGD(parameters, lr=0.02 * rate, momentum=0.9, nesterov=True)
        return sgd, lambda step: 1.0, None
    if family.startswith("resnet"):
        return torch.optim.SGD(parameters, lr=0.005 * rate), lambda step: 1.0, None
    groups = [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
              {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, lr=1e-3 * rate, betas=(0.9, 0.95), eps=1e-8)
    return adam, cosine_with_warmup, 1.0


def parts_of(batch, count):
    """Equal shares of a batch, in its order."""
    if isinstance(batch, torch.Tensor):
        return batch.chunk(count)
    return list(zip(*(column.chunk(count) for column in batch)))


def train(family, tensors, rate=1.0, seed=None):
    """(losses, running statistics after some steps)"""
    weights = Weights(tensors)
    model = LOADERS[family](weights)
    if weights.left:
        raise SystemExit(f"{family}: PyTorch's model does not use {sorted(weights.left)}")
    stream = Stream(int(tensors["run/seed"]) if seed is None else seed)
    feed_masks(model, stream)
    optimizer, share, clip = make_optimizer(family, model, rate)
    full = [group["lr"] for group in optimizer.param_groups]
    batches = text_batches(tensors) if "train/tokens" in tensors else image_batches(tensors)
    count = PARTS.get(family, 1)
    losses = []
    for step, batch in enumerate(batches):
        for group, whole in zip(optimizer.param_groups, full):
            group["lr"] = whole * share(step)
        optimizer.zero_grad(set_to_none=True)
        stream.begin(step)
        total = 0.0
        for part in parts_of(batch, count):
            loss = model.loss(part) / count
            loss.backward()
            total += loss.item()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(total)
        if len(losses) == STATISTICS_AFTER:
            running = {name: buffer.numpy().copy() for name, buffer in weights.running.items()}
    return losses, running


def worst(ours, theirs):
    """(relative difference, step)"""
    return max((abs(a - b) / abs(b), step) for step, (a, b) in enumerate(zip(ours, theirs)))


def compare_running(tensors, theirs):
    """Of batch norm: no loss of training depends on them."""
    prefix = f"after{STATISTICS_AFTER}/model/"
    ours = {k[len(prefix):]: v for k, v in tensors.items() if k.startswith(prefix)}
    if sorted(ours) != sorted(theirs):
        raise SystemExit(f"running statistics: {sorted(ours)} are not {sorted(theirs)}")
    differences = {name: numpy.abs(value - theirs[name]).max() / numpy.abs(theirs[name]).max()
                   for name, value in ours.items()}
    if not differences:
        return
    name = max(differences, key=differences.get)
    print(f"of {len(ours)} running statistics {name} differs most: {differences[name]:.2e}")
    if not differences[name] <= STATISTICS_TOLERANCE:
        raise SystemExit(f"running statistics differ by more than {STATISTICS_TOLERANCE}")


def main():
    writer, family = sys.argv[1:]
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.safetensors")
        subprocess.run([writer, family, path], check=True)
        tensors = read_safetensors(path)
    ours = tensors["run/losses"].tolist()
    if len(ours) != STEPS:
        raise SystemExit(f"{len(ours)} losses instead of {STEPS}")
    losses, running = train(family, tensors)
    control, _ = train(family, tensors, rate=1.01)
    calm = CALM_STEPS.get(family, STEPS)
    difference, step = worst(ours, losses)
    noticed = worst(ours[:calm], control[:calm])[0]
    print(f"{family}: loss {ours[0]:.4f} to {ours[-1]:.4f} in {STEPS} steps; PyTorch "
          f"{torch.__version__} differs by at most {difference:.2e} of it (step {step}), in "
          f"{calm} steps by {worst(ours[:calm], losses[:calm])[0]:.2e}, by {noticed:.2e} with a "
          "learning rate one percent greater")
    print(f"figure loss_curve_{family}_difference {difference:.3e} relative")
    if not ours[-1] < ours[0]:
        raise SystemExit("the model did not learn")
    if not worst(ours[:calm], losses[:calm])[0] <= TOLERANCE:
        raise SystemExit(f"the curves differ by more than {TOLERANCE}")
    if not difference <= (TOLERANCE if calm == STEPS else LATE_TOLERANCE):
        raise SystemExit(f"the curves differ by more than {LATE_TOLERANCE}")
    if not noticed > 10 * TOLERANCE:
        raise SystemExit("the comparison would not notice another learning rate")
    compare_running(tensors, running)
    if family in ("gpt2_dropout", "gpt2_parts"):
        other = worst(ours, train(family, tensors, seed=int(tensors["run/seed"]) + 1)[0])[0]
        print(f"with the masks of another seed: {other:.2e}")
        if not other > 10 * TOLERANCE:
            raise SystemExit("the comparison would not notice other masks")


if __name__ == "__main__":
    main()
