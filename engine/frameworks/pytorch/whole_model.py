"""A trained classifier as one graph from tokens, vectors or TF-IDF rows to logits, in PyTorch.

What an exporter cannot follow (packed sequences, widths that Python compares) is said in another
way here, with the same weights and the same answers.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional
from transformers import PreTrainedModel

from engine.frameworks.pytorch.encoder import embed, load_encoder
from engine.shared.weights.initial import CNN_WIDTHS


class DenseTerms(nn.Module):
    """``tfidf-mlp`` for whole TF-IDF rows, (batch, terms), instead of the few terms of a text."""

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.hidden, self.output = core.hidden, core.output

    def forward(self, shares: torch.Tensor) -> torch.Tensor:
        return self.output(torch.relu(self.hidden(shares)))


class WideTokens(nn.Module):
    """``text-cnn`` with padding behind every text, so that all are wide enough.

    Windows beyond a text do not count, so more padding changes nothing.
    """

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        core = self.core
        tokens = functional.pad(tokens, (0, max(CNN_WIDTHS) - 1))
        lengths = (tokens != 0).sum(dim=1, keepdim=True)
        vectors = core.embedding(tokens).transpose(1, 2)
        strongest = []
        for width, convolution in zip(CNN_WIDTHS, core.convolutions, strict=True):
            answers = torch.relu(convolution(vectors))
            starts = torch.arange(answers.shape[2], device=tokens.device)
            inside = starts <= (lengths - width).clamp(min=0)
            strongest.append((answers * inside[:, None]).amax(dim=2))
        return core.output(torch.cat(strongest, dim=1))


class OneLSTM(nn.Module):
    """``bi-lstm`` whose recurrence is the operator ``LSTM`` of ONNX, with the length of each text.

    PyTorch's exporter would write a loop over packed sequences, which have no counterpart in ONNX.
    The gates stand in the order of ONNX: input, output, forget, cell.
    """

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.embedding, self.output, self.units = core.embedding, core.output, core.lstm.hidden_size
        both = [self._direction(core.lstm, suffix) for suffix in ("l0", "l0_reverse")]
        for name, arrays in zip(
            ("inputs", "states", "biases"), zip(*both, strict=True), strict=True
        ):
            self.register_parameter(name, nn.Parameter(torch.stack(arrays), requires_grad=False))

    def _direction(self, lstm: nn.LSTM, suffix: str) -> tuple[torch.Tensor, ...]:
        gates = [
            torch.cat(
                [
                    lstm.get_parameter(f"{name}_{suffix}").detach().chunk(4)[place]
                    for place in (0, 3, 1, 2)
                ]
            )
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        return gates[0], gates[1], torch.cat(gates[2:])

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        lengths = (tokens != 0).sum(dim=1).clamp(min=1).to(torch.int32)
        vectors = self.embedding(tokens).transpose(0, 1)  # (tokens, batch, embedding_size)
        time, batch = vectors.shape[0], vectors.shape[1]
        _, states, _ = torch.onnx.ops.symbolic_multi_out(
            "LSTM",
            (vectors, self.inputs, self.states, self.biases, lengths),
            {"hidden_size": self.units, "direction": "bidirectional"},
            dtypes=(vectors.dtype,) * 3,
            shapes=((time, 2, batch, self.units), (2, batch, self.units), (2, batch, self.units)),
            version=14,
        )
        return self.output(torch.cat([states[0], states[1]], dim=1))


class ScannedLSTM(nn.Module):
    """``bi-lstm`` whose recurrence is PyTorch's ``scan``, for ``torch.export``.

    A packed sequence needs lengths in Python, and ``nn.LSTM`` alone would be unrolled for the
    number of tokens of the example. Behind a text's end the states stay as they are.
    """

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.embedding, self.lstm, self.output = core.embedding, core.lstm, core.output
        for suffix in ("l0", "l0_reverse"):  # added up here: XNNPACK takes a bias that is constant
            pair = [self.lstm.get_parameter(f"bias_{side}_{suffix}") for side in ("ih", "hh")]
            self.register_buffer(f"bias_{suffix}", (pair[0] + pair[1]).detach())

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        vectors = self.embedding(tokens)  # (batch, tokens, embedding_size)
        first = torch.arange(tokens.shape[1], device=tokens.device) == 0
        real = ((tokens != 0) | first).T[:, :, None]  # (tokens, batch, 1)
        ends = [self._ended(vectors, real, suffix) for suffix in ("l0", "l0_reverse")]
        return self.output(torch.cat(ends, dim=1))

    def _ended(self, vectors: torch.Tensor, real: torch.Tensor, suffix: str) -> torch.Tensor:
        """The state, (batch, units), in which one direction has ended."""
        into, within = (
            self.lstm.get_parameter(f"{name}_{suffix}") for name in ("weight_ih", "weight_hh")
        )
        bias = self.get_buffer(f"bias_{suffix}")
        inputs = functional.linear(vectors, into, bias).transpose(0, 1)

        def step(
            states: tuple[torch.Tensor, ...], given: tuple[torch.Tensor, ...]
        ) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
            state, cell = states
            gates, is_token = given
            enter, forget, new, leave = (gates + state @ within.T).chunk(4, dim=1)
            kept = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
            shown = torch.sigmoid(leave) * torch.tanh(kept)
            ends = torch.where(is_token, shown, state), torch.where(is_token, kept, cell)
            return ends, state.new_zeros(1)  # scan wants an answer to each step

        start = inputs.new_zeros(inputs.shape[1], self.lstm.hidden_size)
        backwards = suffix == "l0_reverse"
        ends, _ = scan(step, (start, start.clone()), (inputs, real), reverse=backwards)
        return ends[0]


class EncodedTexts(nn.Module):
    """``embedding-mlp`` with the encoder before it, so that it takes tokens."""

    def __init__(
        self, core: nn.Module, encoder: PreTrainedModel, pooling: str, normalize: bool, padding: int
    ) -> None:
        super().__init__()
        self.encoder, self.core = encoder, core
        self.pooling, self.normalize, self.padding = pooling, normalize, padding

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        is_token = (tokens != self.padding).long()
        vectors = embed(self.encoder, tokens, is_token, self.pooling, self.normalize)
        return self.core(vectors)


class EncodedWindows(EncodedTexts):
    """The same for texts in windows, (batch, windows, tokens).

    A text has the mean of the vectors of those windows that hold a token; the first always counts.
    """

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        every = tokens.flatten(0, 1)  # (batch · windows, tokens)
        # Attention and the mean over tokens need one even where a window has none.
        first = torch.arange(every.shape[1], device=every.device) == 0
        is_token = ((every != self.padding) | first).long()
        vectors = embed(self.encoder, every, is_token, self.pooling, self.normalize)
        vectors = vectors.reshape(tokens.shape[0], tokens.shape[1], -1)
        first = torch.arange(tokens.shape[1], device=tokens.device) == 0
        counts = ((tokens != self.padding).any(dim=2) | first).to(vectors.dtype)
        means = (vectors * counts[:, :, None]).sum(dim=1) / counts.sum(dim=1, keepdim=True)
        return self.core(functional.normalize(means, dim=1) if self.normalize else means)


def with_encoder(
    core: nn.Module,
    folder: Path,
    pooling: str,
    normalize: bool,
    padding: int,
    windows: bool = False,
) -> nn.Module:
    """A classifier of vectors as one of tokens: the encoder of a checkpoint folder before it.

    With ``windows`` it takes all windows of a text, (batch, windows, tokens).
    """
    kind = EncodedWindows if windows else EncodedTexts
    return kind(core, load_encoder(folder), pooling, normalize, padding).cpu()


WHOLE: dict[str, type[nn.Module]] = {
    "TfidfMLP": DenseTerms,
    "TextCNN": WideTokens,
    "BiLSTM": ScannedLSTM,
}

FOR_ONNX: dict[str, type[nn.Module]] = {"BiLSTM": OneLSTM}
"""Where ONNX has an operator of its own."""


def whole_model(core: nn.Module, onnx: bool = False) -> nn.Module:
    """What is exported of a classifier: itself, where an exporter can follow it."""
    forms = WHOLE | FOR_ONNX if onnx else WHOLE
    kind = forms.get(type(core).__name__)
    return (kind(core) if kind else core).eval()
