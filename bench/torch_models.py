"""The bench's models in PyTorch, as its users would write them, for bench/peers.py and the tests
that compare loss curves. Nothing here belongs to assay. Works with PyTorch 1.13 and newer.

Where PyTorch has several ways of doing the same, `Choices` names them; peers.py times them and
takes the fastest.
"""
import dataclasses
import math

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Choices:
    channels_last: bool = False   # memory format of images
    pool_first: bool = False      # relu(maxpool(x)) for maxpool(relu(x)): the same function
    fused_qkv: bool = True        # one projection or three
    attention: str = "sdpa"       # or "matmul"
    optimizer: str = "foreach"    # or "fused", "loop"


class Mlp(nn.Module):
    def __init__(self, widths, choices=Choices()):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)

    def loss(self, batch):
        x, labels = batch
        return F.cross_entropy(self(x), labels)


class Cnn(nn.Module):
    """3x3 convolutions with relu, the first `pooled` with max-pooling by 2; average; linear."""

    def __init__(self, channels, pooled, classes, choices=Choices()):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(channels, channels[1:]))
        self.head = nn.Linear(channels[-1], classes)
        self.pooled = pooled
        self.pool_first = choices.pool_first

    def forward(self, x):
        for i, convolution in enumerate(self.convolutions):
            x = convolution(x)
            if i >= self.pooled:
                x = F.relu(x)
            elif self.pool_first:
                x = F.relu(F.max_pool2d(x, 2))
            else:
                x = F.max_pool2d(F.relu(x), 2)
        return self.head(x.mean((2, 3)))

    loss = Mlp.loss


class ResidualBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.has_projection = stride != 1 or channels != width
        if self.has_projection:
            self.conv3 = nn.Conv2d(channels, width, 1, stride, bias=False)
            self.norm3 = nn.BatchNorm2d(width)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return F.relu(y + (self.norm3(self.conv3(x)) if self.has_projection else x))


class ResNet(nn.Module):
    """He et al. (2016), section 4.2: `blocks` blocks for each width, the image halved at each but
    the first; batch norm; average; linear."""

    def __init__(self, channels, widths, blocks, classes):
        super().__init__()
        self.conv = nn.Conv2d(channels, widths[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        stages = []
        before = widths[0]
        for width in widths:
            stride = 1 if not stages else 2
            inputs = [(before, stride)] + [(width, 1)] * (blocks - 1)
            stages.append(nn.ModuleList(ResidualBlock(c, width, s) for c, s in inputs))
            before = width
        self.stages = nn.ModuleList(stages)
        self.head = nn.Linear(before, classes)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)))
        for stage in self.stages:
            for block in stage:
                x = block(x)
        return self.head(x.mean((2, 3)))

    loss = Mlp.loss


@dataclasses.dataclass(frozen=True)
class GptShape:
    layers: int = 4
    width: int = 128
    heads: int = 4
    key_heads: int = 0      # 0: as many as heads
    hidden: int = 0         # 0: 4 width
    sequence: int = 128
    vocabulary: int = 256
    norm: str = "layer"            # or "rms"
    positions: str = "learned"     # or "rotary"
    activation: str = "gelu_tanh"  # or "gelu_erf", "swiglu"
    biases: bool = True
    tied: bool = True
    dropout: float = 0.0    # of embeddings, attention and both residual branches
    rotary_base: float = 10000.0
    epsilon: float = 1e-5


class RmsNorm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def norm_of(shape):
    if shape.norm == "rms":
        return RmsNorm(shape.width, shape.epsilon)
    return nn.LayerNorm(shape.width, eps=shape.epsilon)


def dropout_of(shape):
    return nn.Dropout(shape.dropout) if shape.dropout else nn.Identity()


def rotary_tables(shape, half):
    angles = torch.outer(torch.arange(shape.sequence, dtype=torch.float64),
                         shape.rotary_base ** (-torch.arange(half, dtype=torch.float64) / half))
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    """Rotates the pairs (x[i], x[i + half]) of each head."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Attention(nn.Module):
    def __init__(self, shape, choices):
        super().__init__()
        self.heads = shape.heads
        self.key_heads = shape.key_heads or shape.heads
        self.size = shape.width // shape.heads
        keys = self.key_heads * self.size
        self.widths = (shape.width, keys, keys)
        if choices.fused_qkv:
            self.qkv = nn.Linear(shape.width, sum(self.widths), bias=shape.biases)
        else:
            self.query = nn.Linear(shape.width, shape.width, bias=shape.biases)
            self.key = nn.Linear(shape.width, keys, bias=shape.biases)
            self.value = nn.Linear(shape.width, keys, bias=shape.biases)
        self.out = nn.Linear(shape.width, shape.width, bias=shape.biases)
        self.fused = choices.fused_qkv
        self.uses_sdpa = (choices.attention == "sdpa" and shape.dropout == 0
                          and hasattr(F, "scaled_dot_product_attention"))
        self.drop = dropout_of(shape)
        mask = torch.full((shape.sequence, shape.sequence), -math.inf).triu(1)
        self.register_buffer("mask", mask, persistent=False)
        self.is_rotary = shape.positions == "rotary"
        if self.is_rotary:
            cos, sin = rotary_tables(shape, self.size // 2)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)

    def forward(self, x):
        n, t, width = x.shape
        if self.fused:
            q, k, v = self.qkv(x).split(self.widths, 2)
        else:
            q, k, v = self.query(x), self.key(x), self.value(x)
        q = q.view(n, t, self.heads, self.size).transpose(1, 2)
        k = k.view(n, t, self.key_heads, self.size).transpose(1, 2)
        v = v.view(n, t, self.key_heads, self.size).transpose(1, 2)
        if self.is_rotary:
            q, k = rotate(q, self.cos[:t], self.sin[:t]), rotate(k, self.cos[:t], self.sin[:t])
        if self.key_heads != self.heads:
            k = k.repeat_interleave(self.heads // self.key_heads, 1)
            v = v.repeat_interleave(self.heads // self.key_heads, 1)
        if self.uses_sdpa:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(2, 3) * (1 / math.sqrt(self.size)) + self.mask[:t, :t]
            y = self.drop(scores.softmax(-1)) @ v
        return self.out(y.transpose(1, 2).reshape(n, t, width))


class FeedForward(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.activation = shape.activation
        hidden = shape.hidden
        if hidden == 0:
            swiglu = -(-(8 * shape.width // 3) // 8) * 8
            hidden = swiglu if shape.activation == "swiglu" else 4 * shape.width
        self.up = nn.Linear(shape.width, hidden, bias=shape.biases)
        if shape.activation == "swiglu":
            self.gate = nn.Linear(shape.width, hidden, bias=shape.biases)
        self.down = nn.Linear(hidden, shape.width, bias=shape.biases)

    def forward(self, x):
        if self.activation == "swiglu":
            return self.down(F.silu(self.gate(x)) * self.up(x))
        approximate = "tanh" if self.activation == "gelu_tanh" else "none"
        return self.down(F.gelu(self.up(x), approximate=approximate))


class Block(nn.Module):
    def __init__(self, shape, choices):
        super().__init__()
        self.norm1 = norm_of(shape)
        self.attention = Attention(shape, choices)
        self.norm2 = norm_of(shape)
        self.feed_forward = FeedForward(shape)
        self.drop1 = dropout_of(shape)
        self.drop2 = dropout_of(shape)

    def forward(self, x):
        x = x + self.drop1(self.attention(self.norm1(x)))
        return x + self.drop2(self.feed_forward(self.norm2(x)))


class Gpt(nn.Module):
    def __init__(self, shape, choices=Choices()):
        super().__init__()
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        if shape.positions == "learned":
            self.positions = nn.Embedding(shape.sequence, shape.width)
            nn.init.normal_(self.positions.weight, std=0.02)
        else:
            self.positions = None
        self.drop = dropout_of(shape)
        self.blocks = nn.ModuleList(Block(shape, choices) for _ in range(shape.layers))
        self.norm = norm_of(shape)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        if shape.tied:
            self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens)
        if self.positions is not None:
            x = x + self.positions.weight[:tokens.shape[1]]
        x = self.drop(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def loss(self, windows):
        """windows: [batch, sequence + 1]; each token predicts the next."""
        logits = self(windows[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def make_optimizer(kind, groups, choices, **options):
    """`kind`: torch.optim.SGD or AdamW. Falls back where this PyTorch lacks a way."""
    how = {"foreach": {"foreach": True}, "fused": {"fused": True},
           "loop": {"foreach": False}}[choices.optimizer]
    return kind(groups, **options, **how)
