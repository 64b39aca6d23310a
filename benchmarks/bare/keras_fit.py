"""What an expert would write for the same model in Keras: plain ``fit`` on arrays, with nothing else around it."""

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "tensorflow", "3"

import keras
import numpy as np
import tensorflow as tf

vectors_file, labels_file, epochs, batch_size, threads, steps = sys.argv[1], sys.argv[2], *(int(value) for value in sys.argv[3:7])
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
vectors, labels = np.load(vectors_file), np.load(labels_file)


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def on_train_begin(self, logs=None):
        self.speeds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.speeds.append(len(labels) / (time.perf_counter() - self.started))


model = keras.Sequential(
    [keras.Input((vectors.shape[1],)), keras.layers.Dense(512, activation="relu"), keras.layers.Dense(int(labels.max()) + 1)]
)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"], steps_per_execution=steps)
clock = Clock()
model.fit(vectors, labels, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[clock])
print(json.dumps({"documents_per_second": float(np.median(clock.speeds[1:]))}))
