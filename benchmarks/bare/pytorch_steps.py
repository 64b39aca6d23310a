"""What an expert would write for each classifier in PyTorch, with nothing else around it: ``pytorch_steps.py FOLDER``.

``FOLDER`` holds the arrays, the batches and ``task.json``; logs each 25 steps, prints milliseconds a step and the process's largest memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
torch.set_num_threads(task["threads"])
torch.set_num_interop_threads(task["threads"])
torch.manual_seed(0)
after_import = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class TfidfMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.output = nn.Linear(task["input_size"], task["hidden_units"]), nn.Linear(task["hidden_units"], task["num_classes"])

    def forward(self, terms, shares):
        rows = torch.zeros(len(terms), task["input_size"]).scatter_add_(1, terms.long(), shares)
        return self.output(torch.relu(self.hidden(rows)))


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(task["input_size"], task["embedding_size"], padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(task["embedding_size"], task["filters"], width) for width in (3, 4, 5))
        self.output = nn.Linear(3 * task["filters"], task["num_classes"])

    def forward(self, tokens):
        tokens = functional.pad(tokens, (0, max(0, 5 - tokens.shape[1])))
        length = (tokens != 0).sum(1, keepdim=True)
        vectors = self.embedding(tokens).transpose(1, 2)
        strongest = []
        for width, convolution in zip((3, 4, 5), self.convolutions, strict=True):
            answers = torch.relu(convolution(vectors))
            inside = torch.arange(answers.shape[2]) <= (length - width).clamp(min=0)
            strongest.append((answers * inside.unsqueeze(1)).amax(2))
        return self.output(torch.cat(strongest, 1))


class BiLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(task["input_size"], task["embedding_size"], padding_idx=0)
        self.lstm = nn.LSTM(task["embedding_size"], task["hidden_units"], batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * task["hidden_units"], task["num_classes"])

    def forward(self, tokens):
        lengths = (tokens != 0).sum(1).clamp(min=1)
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        _, (state, _) = self.lstm(packed)
        return self.output(torch.cat([state[0], state[1]], 1))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        from transformers import AutoModel

        self.encoder = AutoModel.from_pretrained(
            task["encoder"], attn_implementation="sdpa", add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.output = nn.Linear(self.encoder.config.hidden_size, task["num_classes"])

    def forward(self, tokens):
        mask = (tokens != task["padding"]).long()
        vectors = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
        real = mask.unsqueeze(2).to(vectors.dtype)
        return self.output((vectors * real).sum(1) / real.sum(1))


def embedding_mlp():
    return nn.Sequential(
        nn.Linear(task["input_size"], task["hidden_units"]), nn.ReLU(), nn.Linear(task["hidden_units"], task["num_classes"])
    )


makers = {"embedding-mlp": embedding_mlp, "tfidf-mlp": TfidfMLP, "text-cnn": TextCNN, "bi-lstm": BiLSTM, "transformer": Transformer}
model = makers[task["classifier"]]().train()
for layer in model.children():  # drawn as in a run: how many gradients are exactly 0, which has its own pace, depends on it
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
inputs = [torch.from_numpy(np.load(file, mmap_mode="c")) for file in sorted(folder.glob("input_*.npy"))]
labels = torch.from_numpy(np.load(folder / "labels.npy"))
orders, widths = np.load(folder / "orders.npy"), np.load(folder / "widths.npy").tolist()
if task["weight_decay"]:
    matrices, vectors = [p for p in model.parameters() if p.ndim > 1], [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": task["weight_decay"]}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=task["learning_rate"])
else:
    optimizer = torch.optim.Adam(model.parameters(), lr=task["learning_rate"])
clip, batch_size = task["clip_norm"], task["batch_size"]
starts, stops = ({ends[place] for ends in task.get("rounds", ())} for place in (0, 1))
readings, done = [], 0
log = open(folder / "readings.jsonl", "w", buffering=1)  # noqa: SIM115 - until the end


def give_way():
    if task.get("turns"):
        print("your turn", flush=True)
        sys.stdin.readline()


for order, width_of in zip(torch.from_numpy(orders), widths, strict=True):
    total, correct, mark, steps = torch.zeros(()), torch.zeros(()), time.perf_counter(), 0
    for rows, width in zip(order.split(batch_size), width_of, strict=True):
        batch = [values[rows] for values in inputs]
        batch = [values[..., :width] for values in batch] if width else batch
        targets = labels[rows]
        optimizer.zero_grad()
        logits = model(*batch)
        loss = functional.cross_entropy(logits, targets)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        total += loss.detach() * len(rows)
        correct += (logits.detach().argmax(1) == targets).sum()
        done, steps = done + 1, steps + 1
        if done == 1:
            give_way()
        if done == 1 or (done in starts and done not in stops):  # the very first step warms up; a round's end is read first
            mark, steps = time.perf_counter(), 0
            continue
        due = done in stops or done % len(width_of) == 0
        if due or (not stops and (steps == task["report_steps"] or time.perf_counter() - mark >= task["report_seconds"])):
            float(total)
            readings.append((time.time(), time.perf_counter() - mark, steps))
            log.write(json.dumps(readings[-1]) + "\n")
            if stops and done < max(stops):
                give_way()
            mark, steps = time.perf_counter(), 0
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
speeds = [1000 * seconds / steps for _, seconds, steps in readings]
figures = {"readings": readings, "milliseconds": float(np.median(speeds))}
if task.get("answers"):  # of the batches of each round
    model.eval()
    parts = list(zip(torch.from_numpy(orders[0]).split(batch_size), widths[0], strict=True))
    per_batch: list[float] = []
    with torch.inference_mode():
        for start, stop in task["rounds"]:
            chosen = []
            for rows, width in parts[start:stop]:
                batch = [values[rows] for values in inputs]
                chosen.append([values[..., :width].contiguous() for values in batch] if width else batch)
            if per_batch:
                give_way()
            model(*chosen[0]).numpy()
            mark = time.perf_counter()
            for batch in chosen:
                model(*batch).numpy()
            per_batch.append((time.perf_counter() - mark) / len(chosen) * 1000)
    figures["batch_milliseconds"] = float(np.median(per_batch))
print(json.dumps(figures | {"peak_mib": peak, "after_import_mib": after_import}))
