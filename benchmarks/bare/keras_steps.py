"""What an expert would write for each classifier in Keras, with nothing else around it: ``keras_steps.py FOLDER``.

``FOLDER`` holds the arrays, the batches and ``task.json``; logs each 25 steps, prints milliseconds a step and the process's largest memory.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
tf.config.threading.set_intra_op_parallelism_threads(task["threads"])
tf.config.threading.set_inter_op_parallelism_threads(task["threads"])
keras.utils.set_random_seed(0)
after_import = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def embedding_mlp():
    vectors = keras.Input((task["input_size"],))
    return vectors, layers.Dense(task["hidden_units"], activation="relu")(vectors)


class Densify(layers.Layer):
    def call(self, terms, shares):
        rows = tf.repeat(tf.range(tf.shape(terms)[0]), tf.shape(terms)[1])
        places = tf.stack([rows, tf.reshape(terms, [-1])], axis=1)
        return tf.scatter_nd(places, tf.reshape(shares, [-1]), [tf.shape(terms)[0], task["input_size"]])

    def compute_output_shape(self, terms_shape, shares_shape):
        return (terms_shape[0], task["input_size"])


def tfidf_mlp():
    terms, shares = keras.Input((None,), dtype="int32"), keras.Input((None,))
    return [terms, shares], layers.Dense(task["hidden_units"], activation="relu")(Densify()(terms, shares))


class Strongest(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def call(self, answers, tokens):
        length = tf.reduce_sum(tf.cast(tokens != 0, tf.int32), axis=1, keepdims=True)
        inside = tf.range(tf.shape(answers)[1]) <= tf.maximum(length - self.width, 0)
        return tf.reduce_max(answers * tf.cast(inside, answers.dtype)[..., tf.newaxis], axis=1)

    def compute_output_shape(self, answers_shape, tokens_shape):
        return (answers_shape[0], answers_shape[2])


class AtLeastFive(layers.Layer):
    def call(self, tokens):
        return tf.pad(tokens, [[0, 0], [0, tf.maximum(0, 5 - tf.shape(tokens)[1])]])


def text_cnn():
    tokens = keras.Input((None,), dtype="int32")
    padded = AtLeastFive()(tokens)
    vectors = layers.Embedding(task["input_size"], task["embedding_size"])(padded)
    answers = [(width, layers.Conv1D(task["filters"], width, activation="relu")(vectors)) for width in (3, 4, 5)]
    return tokens, layers.Concatenate()([Strongest(width)(answer, padded) for width, answer in answers])


def bi_lstm():
    tokens = keras.Input((None,), dtype="int32")
    vectors = layers.Embedding(task["input_size"], task["embedding_size"], mask_zero=True)(tokens)
    return tokens, layers.Bidirectional(layers.LSTM(task["hidden_units"]))(vectors)


class MeanOfTokens(layers.Layer):
    def call(self, vectors, tokens):
        real = tf.cast(tokens != task["padding"], vectors.dtype)[..., tf.newaxis]
        return tf.reduce_sum(vectors * real, axis=1) / tf.reduce_sum(real, axis=1)

    def compute_output_shape(self, vectors_shape, tokens_shape):
        return (vectors_shape[0], vectors_shape[2])


def transformer():
    import keras_hub

    encoder = keras_hub.models.Backbone.from_preset(task["encoder"], dtype="float32", dropout=0.0)
    for layer in encoder.layers:  # the GELU of BERT; KerasHub takes its tanh form, which has more to compute, whatever the checkpoint says
        if isinstance(layer, keras_hub.layers.TransformerEncoder):
            layer._feedforward_intermediate_dense.activation = lambda x: 0.5 * x * (1.0 + tf.math.erf(x * 0.5**0.5))
    tokens = keras.Input((None,), dtype="int32")
    mask = layers.Lambda(lambda ids: tf.cast(ids != task["padding"], tf.int32), output_shape=(None,))(tokens)
    segments = layers.Lambda(tf.zeros_like, output_shape=(None,))(tokens)
    output = encoder({"token_ids": tokens, "padding_mask": mask, "segment_ids": segments})
    return tokens, MeanOfTokens()(output["sequence_output"], tokens)


makers = {"embedding-mlp": embedding_mlp, "tfidf-mlp": tfidf_mlp, "text-cnn": text_cnn, "bi-lstm": bi_lstm, "transformer": transformer}
given, features = makers[task["classifier"]]()
model = keras.Model(given, layers.Dense(task["num_classes"])(features))
inputs = [tf.constant(np.load(file, mmap_mode="c")) for file in sorted(folder.glob("input_*.npy"))]
labels = tf.constant(np.load(folder / "labels.npy"))
orders, widths, batch_size = np.load(folder / "orders.npy"), np.load(folder / "widths.npy"), task["batch_size"]
with tf.device("CPU"):
    order, width = tf.Variable(orders[0]), tf.Variable(widths[0])


def batch(number):
    rows = order[number * batch_size : (number + 1) * batch_size]
    chosen = [tf.gather(values, rows) for values in inputs]
    if widths.any():
        chosen = [values[..., : width[number]] for values in chosen]
    return (tuple(chosen) if len(chosen) > 1 else chosen[0]), tf.gather(labels, rows)


def give_way():
    if task.get("turns"):
        print("your turn", flush=True)
        sys.stdin.readline()


starts, stops = ({ends[place] for ends in task.get("rounds", ())} for place in (0, 1))


log = open(folder / "readings.jsonl", "w", buffering=1)  # noqa: SIM115 - until the end


class Clock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.readings, self.first = [], True

    def on_epoch_begin(self, epoch, logs=None):
        order.assign(orders[epoch])
        width.assign(widths[epoch])
        self.mark, self.last = time.perf_counter(), -1

    def on_train_batch_end(self, number, logs=None):
        number = min(number, len(widths[0]) - 1)  # Keras counts the last call of an epoch as a whole one
        steps, seconds = number - self.last, time.perf_counter() - self.mark
        due = number + 1 in stops or number + 1 == len(widths[0])
        due = due or (not stops and (steps >= task["report_steps"] or seconds >= task["report_seconds"]))
        if self.first:  # the very first call traces and warms up
            give_way()
        elif due:
            self.readings.append((time.time(), seconds, steps))
            log.write(json.dumps(self.readings[-1]) + "\n")
            if stops and number + 1 < max(stops):
                give_way()
        if self.first or due or number + 1 in starts:
            self.mark, self.last, self.first = time.perf_counter(), number, False


clipping = {"global_clipnorm": task["clip_norm"]} if task["clip_norm"] else {}
if task["weight_decay"]:
    optimizer = keras.optimizers.AdamW(task["learning_rate"], weight_decay=task["weight_decay"], **clipping)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
else:
    optimizer = keras.optimizers.Adam(task["learning_rate"], **clipping)
model.compile(
    optimizer,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    steps_per_execution=min(task["steps_per_call"], len(widths[0])),
    jit_compile=False,
)
clock = Clock()
dataset = tf.data.Dataset.range(len(widths[0])).map(batch).prefetch(tf.data.AUTOTUNE)
model.fit(dataset, epochs=len(orders), shuffle=False, verbose=0, callbacks=[clock])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
speeds = [1000 * seconds / steps for _, seconds, steps in clock.readings]
figures = {"readings": clock.readings, "milliseconds": float(np.median(speeds))}
if task.get("answers"):  # of the batches of each round
    order.assign(orders[0])
    width.assign(widths[0])
    signature = [tf.TensorSpec(values.shape, values.dtype) for values in model.inputs]
    answer = tf.function(lambda *values: model(values if len(values) > 1 else values[0], training=False), input_signature=signature)
    per_batch: list[float] = []
    for start, stop in task["rounds"]:
        chosen = [batch(number)[0] for number in range(start, stop)]
        chosen = [values if isinstance(values, tuple) else (values,) for values in chosen]
        if per_batch:
            give_way()
        answer(*chosen[0]).numpy()
        mark = time.perf_counter()
        for values in chosen:
            answer(*values).numpy()
        per_batch.append((time.perf_counter() - mark) / len(chosen) * 1000)
    figures["batch_milliseconds"] = float(np.median(per_batch))
print(json.dumps(figures | {"peak_mib": peak, "after_import_mib": after_import}))
