"""What an expert would write for the same model and the same batches in PyTorch, with nothing else around it."""

import json
import sys
import time

import numpy as np
import torch
from torch import nn

vectors_file, labels_file, epochs, batch_size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads)
torch.set_num_interop_threads(threads)
torch.manual_seed(0)
vectors, labels = torch.from_numpy(np.load(vectors_file)), torch.from_numpy(np.load(labels_file))
model = nn.Sequential(nn.Linear(vectors.shape[1], 512), nn.ReLU(), nn.Linear(512, int(labels.max()) + 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_of = nn.CrossEntropyLoss()
speeds = []
for epoch in range(epochs):
    order = torch.from_numpy(np.random.default_rng([0, epoch]).permutation(len(labels)))
    total, correct = torch.zeros(()), torch.zeros(())
    started = time.perf_counter()
    for rows in order.split(batch_size):
        optimizer.zero_grad()
        logits = model(vectors[rows])
        loss = loss_of(logits, labels[rows])
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
        correct += (logits.detach().argmax(1) == labels[rows]).sum()
    float(total)
    speeds.append(len(labels) / (time.perf_counter() - started))
print(json.dumps({"documents_per_second": float(np.median(speeds[1:]))}))
