"""The mistakes that the museum makes: what a person did wrong, how it is noticed and mended. What happens is measured, not told here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """One classic mistake, in words that belong to neither framework."""

    title: str
    sentence: str
    """What was done wrong."""
    notice: str
    """How it can be noticed, also where nothing is raised."""
    fix: str
    note: str = ""
    """Where one framework knows the mistake in another form only."""


MISTAKES = {
    "labels_out_of_range": Mistake(
        "Labels out of range",
        "The classes are numbered from 1 instead of 0, so the last one has no logit of its own.",
        "Before training, look at the smallest and the largest label: they must be 0 and the number of classes minus 1.",
        "Number the classes from 0, in one place, and keep the list of their names beside the model.",
        "On a processor both look each label up. On a GPU the look-up may stop the whole device or give losses that are no numbers.",
    ),
    "wrong_shape": Mistake(
        "Wrong shape",
        "A new last layer was declared for a body that gives twice as many numbers.",
        "Send one batch through the model before the training begins, and look at the shape of what comes out.",
        "Take the width of the last layer from the body itself, or from one constant that both use.",
        "A plain Dense layer of Keras takes its width from what comes in, and cannot be wrong. Here the head is a model of its own, as "
        "after loading a body that somebody else has trained.",
    ),
    "wrong_dtype": Mistake(
        "Wrong dtype",
        "The vectors come from NumPy in float64, its usual precision; the weights have float32.",
        "Print the dtype of the first batch. Where a framework casts without a word, the batch takes twice the memory on its way.",
        "Convert once, where the arrays are made: astype(numpy.float32).",
    ),
    "softmax_before_loss": Mistake(
        "Softmax before a loss on logits",
        "The last layer gives probabilities, and the loss takes them for logits and applies the softmax a second time.",
        "The loss falls slowly and stops high: with probabilities in the place of logits, the loss of n classes cannot fall below "
        "ln(1 + (n − 1) / e), for five classes 0.905, however right the answers are.",
        "Let the model answer with logits, and apply the softmax only where a person reads the answer.",
    ),
    "forgotten_zero_grad": Mistake(
        "Forgotten zero_grad",
        "Nothing sets the gradients back, so each step follows the sum of all steps before it.",
        "The loss swings or climbs where it should fall, and a smaller learning rate only delays it. The norm of the gradients grows from "
        "step to step.",
        "Set the gradients back at the beginning of each step.",
        "Keras’s fit computes gradients anew at each step and cannot forget it. Its twin is a loop of one’s own that adds gradients up, as "
        "is done for batches that do not fit into memory, and does not set the sums back.",
    ),
    "forgotten_evaluation_mode": Mistake(
        "Forgotten evaluation mode",
        "The model answers as if it was still in training: dropout goes on leaving half of its input out.",
        "Ask twice for the same text: the answers differ. The curve of the training shows nothing.",
        "Say so before answering: model.eval() in PyTorch; predict, or training=False, in Keras.",
        "PyTorch’s models stay in training mode until they are told otherwise. Keras’s predict and evaluate leave it by themselves; the "
        "mistake takes a call of the model with training=True.",
    ),
    "frozen_head": Mistake(
        "Frozen head",
        "The body was to be frozen, but the switch was thrown on the whole model, its new last layer included.",
        "Count the weights that can learn before training: with a frozen head there are none. The loss of the first and of the last epoch "
        "are the same.",
        "Freeze the body alone, and print the number of trainable weights.",
    ),
    "learning_rate_too_high": Mistake(
        "Learning rate too high",
        "The learning rate is a thousand times what it should be.",
        "Within a few steps the loss jumps to large numbers, then it is none any more (NaN). From there on nothing is learned, and every "
        "text gets the first class.",
        "Begin with the recommended rate, try a third and three times of it, and stop as soon as a loss is no number.",
    ),
    "labels_shuffled": Mistake(
        "Labels shuffled against their texts",
        "The texts were put in another order, and their labels were not.",
        "The training loss falls all the same, for a model can learn texts by heart; on held-out texts it is no better than guessing. Read "
        "ten training texts together with their labels.",
        "Keep text and label in one table, and reorder rows of the table instead of arrays.",
    ),
    "other_tokenizer": Mistake(
        "Tokenizer of another model",
        "The model was trained with one tokenizer and is asked with another, which gives the same words other numbers.",
        "Training and its curve are right, and yet the answers to new texts are poor. Turn the numbers of one text back into words with "
        "the tokenizer of the training.",
        "Save the tokenizer with the model, and load both together.",
        "Here both tokenizers know equally many words. With a larger one some numbers would lie beyond the table of the word vectors, "
        "which a processor notices.",
    ),
    "batch_axis_lost": Mistake(
        "Batch axis lost",
        "A squeeze that was to leave out an axis of length 1 leaves out the batch as well, when a single text is left for the last batch.",
        "Where each batch is run as it comes, all but one work: it may take a whole epoch, or the last chunk of a large file, until it "
        "shows. Try a batch of one.",
        "Name the axis that is to be left out: squeeze(axis).",
    ),
}
"""The mistakes under the names of the functions that make them, in the order in which they are shown."""
