"""The API dictionary: what PyTorch and TensorFlow with Keras call the same thing, and the difference that matters when changing over.

A name is written as one imports it, ``tf`` for ``tensorflow``; brackets behind it hold a parameter. A test looks every one of them up in
the installed frameworks. Sources: their documentation and installed source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One pair of terms."""

    pytorch: str
    """Empty where the framework has no such thing."""
    tensorflow: str
    difference: str

    def matches(self, words: list[str]) -> bool:
        """Whether each word, in small letters, is a part of either name or of the sentence."""
        everything = f"{self.pytorch} {self.tensorflow} {self.tensorflow.replace('tf.', 'tensorflow.', 1)} {self.difference}".lower()
        return all(word in everything for word in words)


DICTIONARY: dict[str, tuple[Entry, ...]] = {
    "Tensors": (
        Entry("torch.Tensor", "tf.Tensor", "PyTorch's can be changed in place; TensorFlow's cannot, only a variable can."),
        Entry("torch.tensor", "tf.constant", "Both copy, and both keep the precision of a NumPy array: float64 stays float64."),
        Entry("torch.from_numpy", "tf.convert_to_tensor",
              "PyTorch's shares the array's memory: changing one changes the other. TensorFlow promises nothing of the kind."),
        Entry("torch.nn.Parameter", "keras.Variable",
              "A parameter is registered by assigning it to an attribute of the module; a Keras layer makes its own with add_weight."),
        Entry("torch.Tensor.reshape", "tf.reshape",
              "The same. PyTorch's view is the form that never copies, and fails where it would have to, as after a transpose."),
        Entry("torch.permute", "tf.transpose",
              "Both take the new order of all axes; without one, tf.transpose turns them all round, and torch.transpose swaps just two."),
        Entry("torch.cat", "tf.concat", "dim here is axis there, throughout both libraries."),
        Entry("torch.squeeze", "tf.squeeze",
              "Without an axis both drop every axis of length 1, and with it the batch when a single text is left in it."),
        Entry("torch.matmul", "tf.matmul",
              "PyTorch's also takes plain vectors; TensorFlow's wants two axes or more, so add one or use tensordot."),
        Entry("torch.argmax", "tf.argmax",
              "Without an axis PyTorch searches the whole tensor and TensorFlow along axis 0: no error, other numbers."),
        Entry("torch.Tensor.to", "tf.cast",
              "to changes the type, the device or both; cast only the type. PyTorch promotes float32 + float64; TensorFlow raises an "
              "error."),
        Entry("torch.index_select", "tf.gather",
              "Both pick whole rows. torch.gather is another thing: it picks one number for each place, like tf.gather with batch_dims."),
        Entry("torch.Tensor.detach", "tf.stop_gradient", "The same: a tensor through which no gradient goes back."),
    ),
    "Layers": (
        Entry("torch.nn.Module", "keras.Model",
              "forward here is call there. PyTorch makes its weights in __init__; Keras may wait for the first input to learn their "
              "shape."),
        Entry("torch.nn.Sequential", "keras.Sequential", "PyTorch takes the layers as arguments, Keras as one list."),
        Entry("torch.nn.Linear", "keras.layers.Dense",
              "weight is (outputs, inputs), kernel is (inputs, outputs): transpose when carrying one across. Dense can hold the "
              "activation."),
        Entry("torch.nn.functional.softmax(dim)", "keras.activations.softmax(axis)",
              "Keras takes the last axis unless told otherwise; PyTorch wants to be told."),
        Entry("torch.nn.LeakyReLU(negative_slope)", "keras.layers.LeakyReLU(negative_slope)", "0.01 in PyTorch, 0.3 in Keras."),
        Entry("torch.nn.GELU(approximate)", "keras.activations.gelu(approximate)",
              "Both are exact unless told otherwise; KerasHub's BERT uses the tanh form, PyTorch's follows its checkpoint."),
        Entry("torch.nn.Dropout(p)", "keras.layers.Dropout(rate)",
              "Both name the share that is left out. Two random streams never drop the same numbers."),
        Entry("torch.nn.Embedding(padding_idx)", "keras.layers.Embedding(mask_zero)",
              "padding_idx keeps one row at zero; mask_zero tells the layers behind to skip those places. Rows begin normal with "
              "deviation 1 in PyTorch, within ±0.05 in Keras."),
        Entry("torch.nn.Conv1d", "keras.layers.Conv1D",
              "(batch, channels, length) in PyTorch, (batch, length, channels) in Keras; the axes of the filters are reversed as well."),
        Entry("torch.nn.AdaptiveMaxPool1d", "keras.layers.GlobalMaxPooling1D",
              "The strongest answer along the text. AdaptiveMaxPool1d(1) keeps an axis of length 1; Keras drops it."),
        Entry("torch.nn.LSTM", "keras.layers.LSTM",
              "The gates stand in the same order: i, f, g, o in PyTorch, i, f, c, o in Keras. PyTorch adds two biases, Keras has one, "
              "and begins the forget "
              "gate's at 1."),
        Entry("torch.nn.LSTM(batch_first)", "keras.layers.LSTM(return_sequences)",
              "PyTorch expects (length, batch, …) unless told otherwise and gives every state; Keras expects the batch first and gives "
              "the last."),
        Entry("torch.nn.LSTM(bidirectional)", "keras.layers.Bidirectional", "A switch in PyTorch, a layer around the layer in Keras."),
        Entry("torch.nn.GRU", "keras.layers.GRU(reset_after)",
              "PyTorch's gates are r, z, n and Keras's z, r, h: reorder when carrying weights across. reset_after=True, the default, is "
              "PyTorch's formula."),
        Entry("torch.nn.utils.rnn.pack_padded_sequence", "keras.layers.Masking",
              "PyTorch takes padding out of the batch; Keras keeps it and carries the state past it."),
        Entry("torch.nn.LayerNorm(eps)", "keras.layers.LayerNormalization(epsilon)", "10⁻⁵ in PyTorch, 10⁻³ in Keras."),
        Entry("torch.nn.BatchNorm1d(momentum)", "keras.layers.BatchNormalization(momentum)",
              "Opposite meanings: PyTorch's 0.1 is the share of the new value, Keras's 0.99 that of the old. Convert with 1 − momentum."),
        Entry("torch.nn.MultiheadAttention(embed_dim)", "keras.layers.MultiHeadAttention(key_dim)",
              "embed_dim is for all heads together, key_dim for each. True in a mask means “leave out” in PyTorch and “attend” in Keras."),
        Entry("torch.nn.init.xavier_uniform_", "keras.initializers.GlorotUniform",
              "The same formula under its author's first and last name. Dense begins with it; Linear with Kaiming and a = √5."),
    ),
    "Losses": (
        Entry("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy(from_logits)",
              "PyTorch's takes logits; Keras's takes probabilities unless from_logits=True, and cuts them at 10⁻⁷."),
        Entry("torch.nn.CrossEntropyLoss(weight)", "keras.Model.fit(class_weight)",
              "Weights of classes. PyTorch divides by the sum of the weights, Keras by the number of texts."),
        Entry("torch.nn.CrossEntropyLoss(label_smoothing)", "keras.losses.CategoricalCrossentropy(label_smoothing)",
              "Keras's loss for class numbers has no smoothing; its twin for one-hot labels has."),
        Entry("torch.nn.BCEWithLogitsLoss", "keras.losses.BinaryCrossentropy(from_logits)",
              "For several labels at once. torch.nn.BCELoss is the one that takes probabilities, as Keras's does unless told otherwise."),
        Entry("torch.nn.MSELoss", "keras.losses.MeanSquaredError",
              "The arguments change places: loss(prediction, target) in PyTorch, loss(target, prediction) in Keras; true of every loss."),
        Entry("torch.nn.KLDivLoss", "keras.losses.KLDivergence",
              "PyTorch's takes logarithms of the prediction and its mean divides by all numbers, Keras's takes probabilities."),
        Entry("torch.nn.functional.cosine_similarity", "keras.losses.cosine_similarity",
              "Keras's is a loss: the same number with a minus."),
    ),
    "Optimizers": (
        Entry("torch.optim.SGD(lr)", "keras.optimizers.SGD(learning_rate)", "0.001 in PyTorch and 0.01 in Keras, where none is given."),
        Entry("torch.optim.Adam(eps)", "keras.optimizers.Adam(epsilon)",
              "10⁻⁸ added after the bias correction in PyTorch, 10⁻⁷ added before it in Keras."),
        Entry("torch.optim.Adam(weight_decay)", "keras.optimizers.Adam(weight_decay)",
              "Not the same: PyTorch adds it to the gradient (L2), Keras takes it off the weight. Use AdamW in both."),
        Entry("torch.optim.AdamW(weight_decay)", "keras.optimizers.AdamW(weight_decay)",
              "0.01 in PyTorch, 0.004 in Keras, of every weight."),
        Entry("torch.nn.utils.clip_grad_norm_", "keras.optimizers.Adam(global_clipnorm)",
              "A call between backward and step; an option of the optimizer. Keras's clipnorm is another thing: it clips each variable "
              "by itself."),
        Entry("torch.optim.lr_scheduler.LambdaLR", "keras.optimizers.schedules.LearningRateSchedule",
              "PyTorch's moves when its step is called, once an epoch or once a batch; Keras's is asked at every step."),
        Entry("torch.optim.lr_scheduler.ReduceLROnPlateau", "keras.callbacks.ReduceLROnPlateau",
              "With the same patience PyTorch waits for one more epoch."),
    ),
    "Training": (
        Entry("torch.nn.Module.train", "keras.Model.fit",
              "False friends: train only switches to training mode; fit is the whole training."),
        Entry("torch.Tensor.backward", "tf.GradientTape.gradient",
              "backward adds to the grad of every weight; a tape hands the gradients back as a list."),
        Entry("torch.optim.Optimizer.zero_grad", "tf.GradientTape",
              "Gradients in PyTorch add up until they are set back; each tape begins with none, so there is nothing to forget."),
        Entry("torch.optim.Optimizer.step", "keras.optimizers.Optimizer.apply_gradients",
              "step reads grad; Keras is given pairs of gradient and weight."),
        Entry("torch.nn.Module.requires_grad_", "keras.Model.trainable",
              "Freezing. In Keras it has to be set before compile, or compile called again."),
        Entry("", "keras.callbacks.EarlyStopping", "A callback; in PyTorch a few lines of your own loop, as the engine's training shows."),
        Entry("torch.manual_seed", "keras.utils.set_random_seed",
              "PyTorch's own numbers only; Keras seeds Python, NumPy and TensorFlow together."),
        Entry("torch.autocast", "keras.config.set_dtype_policy",
              "A with-block around forward; a setting made before the layers are built."),
        Entry("torch.utils.tensorboard.SummaryWriter", "keras.callbacks.TensorBoard",
              "Both write files that the same TensorBoard shows: line by line of your loop, or a callback of fit."),
    ),
    "Evaluation": (
        Entry("torch.nn.Module.eval", "keras.Model.evaluate",
              "False friends: eval only switches dropout and batch norm; evaluate computes loss and metrics."),
        Entry("torch.inference_mode", "keras.Model.predict",
              "inference_mode keeps no gradients but leaves dropout on, so eval is needed too; predict takes care of both."),
        Entry("", "keras.metrics.SparseCategoricalAccuracy",
              "Counts on from batch to batch until it is reset. PyTorch has no metrics of its own: compare argmax with the labels and "
              "add up."),
        Entry("torch.nn.functional.one_hot", "tf.one_hot", "Whole numbers (int64) in PyTorch, float32 in TensorFlow."),
    ),
    "Data": (
        Entry("torch.utils.data.Dataset", "tf.data.Dataset",
              "Something with a length that can be asked for row number i; a stream that is run through."),
        Entry("torch.utils.data.DataLoader(batch_size)", "tf.data.Dataset.batch",
              "One text a batch unless told otherwise; fit makes batches of 32."),
        Entry("torch.utils.data.DataLoader(shuffle)", "tf.data.Dataset.shuffle",
              "PyTorch shuffles all rows; TensorFlow a buffer, whose size must be that of the data to be the same."),
        Entry("torch.utils.data.DataLoader(num_workers)", "tf.data.Dataset.prefetch",
              "Processes of their own in PyTorch, threads in TensorFlow."),
        Entry("torch.utils.data.random_split", "keras.Model.fit(validation_split)",
              "validation_split takes the last rows before shuffling: in a file sorted by class they are all of one class."),
    ),
    "Text": (
        Entry("tokenizers.Tokenizer", "keras.layers.TextVectorization",
              "A package of its own that serves both (torchtext is archived); a layer that learns its words with adapt."),
        Entry("torch.nn.utils.rnn.pad_sequence", "keras.utils.pad_sequences",
              "PyTorch fills up at the end; Keras pads and cuts at the beginning unless padding and truncating say “post”."),
        Entry("torch.nn.EmbeddingBag", "keras.layers.GlobalAveragePooling1D",
              "The mean of a text's word vectors: looked up and averaged in one layer, or Embedding first and then this one."),
        Entry("transformers.AutoModel.from_pretrained", "keras_hub.models.Backbone.from_preset",
              "TFAutoModel left transformers with version 5; KerasHub reads the same files of BERT and its relatives."),
    ),
    "Saving": (
        Entry("torch.save", "keras.Model.save",
              "A pickle, which can run code when it is loaded; a .keras archive of description and weights."),
        Entry("torch.load(weights_only)", "keras.models.load_model(safe_mode)",
              "Both are on unless switched off, and both are better left on."),
        Entry("torch.nn.Module.state_dict", "keras.Model.get_weights", "By name in PyTorch, a list in the order of the layers in Keras."),
        Entry("torch.nn.Module.load_state_dict", "keras.Model.load_weights",
              "Takes a dictionary; takes a file. Both complain when something is missing or of another shape."),
        Entry("torch.onnx.export", "keras.Model.export(format)", "Both write ONNX; Keras also SavedModel and LiteRT, by format."),
    ),
    "Devices": (
        Entry("torch.device", "tf.device", "An object that is handed to to; a scope around the code."),
        Entry("torch.cuda.is_available", "tf.config.list_physical_devices",
              "PyTorch stays on the CPU until told otherwise; TensorFlow takes the GPU it sees, and all of its memory."),
        Entry("torch.set_num_threads", "tf.config.threading.set_intra_op_parallelism_threads",
              "TensorFlow's must be set before its first operation."),
    ),
    "Compilation": (
        Entry("torch.compile", "tf.function",
              "Both make a graph of Python. fit does it by itself; PyTorch runs line by line until asked."),
        Entry("torch.compile(mode)", "keras.Model.compile(jit_compile)",
              "False friends: Keras's compile names optimizer, loss and metrics. The compiler, XLA, is this one option of it."),
        Entry("torch.use_deterministic_algorithms", "tf.config.experimental.enable_op_determinism",
              "The same sums in the same order at every run, for some loss of speed."),
    ),
}  # fmt: skip
"""The terms of both frameworks, by stage of the work."""


def entries() -> Iterator[Entry]:
    """Return all entries, in their order."""
    for pairs in DICTIONARY.values():
        yield from pairs


def search(words: str) -> dict[str, tuple[Entry, ...]]:
    """Return the entries, by stage, in which each word occurs, in part and in capitals or not; all of them for no words."""
    wanted = words.lower().split()
    matching = {stage: tuple(entry for entry in pairs if entry.matches(wanted)) for stage, pairs in DICTIONARY.items()}
    return {stage: pairs for stage, pairs in matching.items() if pairs}
