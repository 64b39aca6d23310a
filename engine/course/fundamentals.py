"""The course's first half: texts as numbers, PyTorch, TensorFlow with Keras, and what a training is judged by."""

from __future__ import annotations

from engine.course.answers import AnswerFromRuns, AnswerFromStudy
from engine.course.lesson import MADE_ONCE, Exercise, Lesson, Link, Question, Shown
from engine.course.verdicts import accuracy_of_one, became_of, more_accurate
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.planning.study_times import seconds_of_museum
from engine.studies.mistake_catalogue import MISTAKES
from engine.studies.mistake_results import MuseumResults
from engine.studies.mistakes import MuseumRequest

TRAIN_ON_SAMPLE = {"data": "sample"}

WORD_COUNTS = Experiment.recommended(sample_choice(), "tfidf-mlp")
SMALL_STEPS = Experiment.recommended(sample_choice(), "tfidf-mlp", learning_rate=1e-5)

OUTCOMES = {
    "stopped": "An error ends the training",
    "warned": "It trains to the end, but a warning is printed",
    "silent": "It trains to the end without a word, and the model is worse",
    "harmless": "Nothing: the answers are the same",
}


def mistake_answer(mistake: str, framework: str) -> AnswerFromStudy[MuseumResults]:
    """Answer with one mistake of the museum, really made; the whole museum answers as well."""
    return AnswerFromStudy(
        "museum",
        MISTAKES[mistake].title,
        lambda: MuseumRequest((mistake,)),
        seconds_of_museum(1),
        MuseumResults,
        became_of(mistake, framework),
        MuseumRequest,
    )


TEXTS_AS_NUMBERS = Lesson(
    1,
    "Texts become numbers",
    "What a classifier is given, and what it has to beat.",
    """\
**Document classification** puts each text into one of a few classes: a message to a shop goes to the department that has to act.
A model is shown texts whose class is known, and is then asked about texts that it has never seen.

**Three parts.** The texts are split once. Most are for *training*. The *validation* texts decide when to stop. The *test* texts are
looked at last, for one figure that nobody has tuned towards. Each part holds the same share of every class.

**Tokens.** A text is cut into tokens: words, or pieces of words. Every token that is known has a number; one that never occurred in
training is unknown.

**TF-IDF.** One number for each term: large when the term is frequent in this text, small when it is frequent in all of them. The text
becomes a *vector*, a row of numbers, nearly all of them zero. The order of the words is lost.

**Tensors.** A vector has one axis. A batch of 32 vectors of 5,000 terms is a *tensor* of shape (32, 5000): the only thing with which
either framework computes.

**A baseline.** Always answering the most frequent class costs nothing. Whatever is trained has to beat that.""",
    (
        Shown(
            "The weighted terms",
            "Neither framework takes part in this: scikit-learn counts, and both are handed the same numbers.",
            "tfidf-mlp",
            MADE_ONCE,
            ("Terms",),
        ),
        Shown(
            "Arrays become tensors",
            "The same step twice. Both take over NumPy's memory: PyTorch by a function of its own, TensorFlow by DLPack, the way in which "
            "frameworks hand arrays to one another. PyTorch then moves it to a device, in TensorFlow the device is named around the call.",
            "tfidf-mlp",
            "train",
            ("as_tensors",),
        ),
    ),
    Question(
        "The sample holds 725 messages in five departments of equal size. A small network sees of each message only which words occur, and "
        "how often; it learns from 505 of them. Of the test messages, how many does it put into the right department?",
        {"0": "Fewer than 40 %", "1": "40 to 65 %", "2": "65 to 90 %", "3": "90 % or more"},
        AnswerFromRuns({"Word counts": WORD_COUNTS}, accuracy_of_one((0.4, 0.65, 0.9))),
        "a run of the TF-IDF MLP on the sample",
        "Departments have words of their own, so counting them goes a long way. What it cannot see is order, and words that mean the same "
        "but are spelled otherwise: each is a number of its own, and one that the training texts lack is none at all.",
    ),
    Exercise(
        "Open the sample on the Data page. How many messages are there in each part, and how long are they? Then choose the TF-IDF MLP on "
        "the Train page and train it.",
        "725 messages, 145 of each department, so always answering the same one is right one time in five. Training takes seconds; most of "
        "the waiting is for the frameworks to load.",
        (
            Link("data", "The sample on the Data page", TRAIN_ON_SAMPLE),
            Link("train", "Train on the sample", TRAIN_ON_SAMPLE),
        ),
    ),
)

PYTORCH = Lesson(
    2,
    "PyTorch fundamentals",
    "The five lines at the heart of every PyTorch program, and what happens without one of them.",
    """\
PyTorch is Python that computes with tensors and remembers how each one came about. The training is written out line by line: nothing
is hidden, and everything can be forgotten.

**Layers.** `nn.Linear(inputs, outputs)` multiplies by a matrix of weights and adds a bias. Layers are attributes of a class derived
from `nn.Module`; its `forward` method says in which order they compute. The last one gives *logits*, one number a class; the largest
is the answer.

**Loss.** `cross_entropy` takes logits and the true classes and gives one number: how surprised the model was. The softmax, which turns
logits into probabilities, is inside it.

**Gradient.** `loss.backward()` goes back through everything that led to the loss and adds to the `grad` of each weight how steeply the
loss rises with that weight.

**Optimizer.** `optimizer.step()` moves each weight a little way down. Adam chooses the length of that step for each weight from the
size of its latest gradients.

**The loop.** For each epoch, for each batch: `zero_grad`, forward, loss, `backward`, `step`.

This week read the left column. The right one does the same, and is next week's.""",
    (
        Shown(
            "Two layers",
            "PyTorch declares the layers in __init__ and uses them in forward, which may hold any Python. Sizes of both sides are given.",
            "embedding-mlp",
            "build",
            ("EmbeddingMLP", "build"),
        ),
        Shown(
            "The optimizer",
            "It is given the weights themselves: what is left out here is never trained.",
            "embedding-mlp",
            "train",
            ("make_optimizer",),
        ),
        Shown(
            "The loop",
            "Find the five lines: zero_grad, forward, the loss, backward, step. All the rest counts, stops and reports.",
            "embedding-mlp",
            "train",
            ("make_loss", "train"),
        ),
    ),
    Question(
        "One line is left out of the loop: nobody calls `optimizer.zero_grad()`. What does PyTorch do?",
        OUTCOMES,
        mistake_answer("forgotten_zero_grad", "pytorch"),
        "making this mistake in both frameworks, beside its correction",
        "backward adds to what stands in grad, so that gradients of several batches can be summed up on purpose. Only the person who "
        "writes the loop knows when a sum is complete, so PyTorch cannot tell a forgotten line from an intended one.",
    ),
    Exercise(
        "Train the embedding MLP on the sample with a batch size of 8, then with 128; leave everything else as it is. Before the second "
        "one: will its loss curve fall faster or slower from epoch to epoch?",
        "With 8 texts a batch an epoch has 64 steps, with 128 it has 4. Fewer steps of the same length get less far: the curve of 128 "
        "falls more slowly from epoch to epoch, and each epoch takes less time.",
        (
            Link("train", "Train on the sample", TRAIN_ON_SAMPLE),
            Link("compare", "Compare shows the curves by epoch, by step and by second"),
            Link("code", "The whole file on the Code page", {"classifier": "embedding-mlp"}),
        ),
    ),
)

KERAS = Lesson(
    3,
    "TensorFlow and Keras fundamentals",
    "The same training, described instead of written: what compile and fit take over, and what they expect.",
    """\
TensorFlow computes, Keras describes. A Keras program says what the model is and how it is to be trained, and leaves the doing to `fit`.

**Model.** `keras.Sequential` is a list of layers; where there are several inputs or branches, layers are called like functions on what
comes before them. `keras.Input` gives the shape of one text, without the batch. (Older material writes `input_shape=` into the first
layer instead.)

**compile** puts three choices beside the model: optimizer, loss, metrics. In spite of its name it computes nothing.

**fit** is last week's loop: batches, forward, loss, gradient, step, and the validation after each epoch.

**Callbacks.** Whatever is to happen in between is an object with methods for set moments, such as `on_epoch_begin` and
`on_train_batch_end`, and is handed to `fit`.

**Graph.** TensorFlow follows the Python of a step once and keeps a graph of its operations, which then runs without Python. That is why
the first step is slow, and why a `print` in the model prints once.

**Logits or probabilities.** PyTorch's cross-entropy always takes logits. Keras's takes probabilities unless it is told
`from_logits=True`; model and loss have to agree.

This week read the right column first, then look back at the left.""",
    (
        Shown(
            "Two layers",
            "A list instead of a class: Keras knows the order, so there is no forward to write. The activation is part of the layer.",
            "embedding-mlp",
            "build",
            ("EmbeddingMLP", "build"),
        ),
        Shown(
            "The loss",
            "Keras is told what it gets; here the engine looks at the last layer and says so.",
            "embedding-mlp",
            "train",
            ("make_loss", "_gives_logits"),
        ),
        Shown(
            "compile, fit and a callback",
            "What stands between the lines of PyTorch's loop, keeping the best weights and stopping, is an object in Keras.",
            "embedding-mlp",
            "train",
            ("KeepBest", "train"),
        ),
    ),
    Question(
        "The last layer of a Keras model gives probabilities, but its loss is told `from_logits=True` and applies the softmax a second "
        "time. What does TensorFlow do?",
        OUTCOMES,
        mistake_answer("softmax_before_loss", "tensorflow"),
        "making this mistake in both frameworks, beside its correction",
        "A softmax of probabilities squeezes them together, and the gradients with them. A tensor of numbers between 0 and 1 may be "
        "either; a loss that sees numbers only cannot notice. One that can see which layer they come from can say so, and even take the "
        "logits from before that layer.",
    ),
    Exercise(
        "Train the embedding MLP on the sample with “Framework defaults” instead of “Matched”. Before you start, open the list of what "
        "differs by default below the form.",
        "The two curves no longer lie on top of each other, for weights, batches and Adam's ε are now each framework's own. The two "
        "accuracies still cannot be told apart on so few test texts.",
        (
            Link("train", "Train on the sample", TRAIN_ON_SAMPLE),
            Link("code", "The whole file on the Code page", {"classifier": "embedding-mlp"}),
        ),
    ),
)

JUDGING = Lesson(
    4,
    "Learning, and not by heart",
    "Learning rate, validation and evaluation mode: what decides whether a training ends in something useful.",
    """\
From here on the framework is your choice, and every lesson shows both. The guide behind this course stays with PyTorch until week 6,
because its loop lies open; whoever prefers Keras misses nothing.

**Learning rate.** The length of each step, and the first thing to try. Too long, and the loss jumps or becomes no number at all; too
short, and the training ends long before it has arrived.

**Overfitting.** A model with a million weights can learn five hundred texts by heart. The training loss then goes on falling
while the validation loss turns and rises. The best model is the one at the turn.

**Patience.** After each epoch the validation loss is measured and the best weights are kept. When it has not improved for a few epochs,
the training stops.

**Evaluation mode.** Dropout, which leaves out random numbers in training, must be off when a model answers. PyTorch wants to be told,
with `model.eval()`; Keras's `evaluate` and `predict` do it by themselves. `model.eval()` evaluates nothing, and `model.train()` trains
nothing: both only throw the switch.

**Seeds.** Weights and order of the texts are drawn at random. Another seed is another model: a difference that a seed can make says
nothing.""",
    (
        Shown(
            "The optimizer",
            "Adam in both. Keras's own adds ε in another place, so matched mode brings an Adam with ε in PyTorch's place.",
            "tfidf-mlp",
            "train",
            ("MatchedAdam", "make_optimizer"),
        ),
        Shown(
            "Evaluating",
            "PyTorch throws the switch and adds up by hand; in Keras one call does both. Neither computes a gradient.",
            "tfidf-mlp",
            "evaluate",
            ("evaluate",),
        ),
    ),
    Question(
        "Week 1's network trains again, with a learning rate a hundred times smaller (0.00001 instead of 0.001) and just as many epochs. "
        "Beyond the noise of the test texts, its accuracy is …",
        {"better": "better: small steps are careful steps", "alike": "about the same", "worse": "worse: it has not arrived yet"},
        AnswerFromRuns(
            {"Learning rate 0.001": WORD_COUNTS, "Learning rate 0.00001": SMALL_STEPS},
            more_accurate("With 0.001", "With 0.00001"),
        ),
        "two runs of the TF-IDF MLP on the sample; the first is that of week 1",
        "A weight can move at most about the learning rate in each step of Adam, so a hundredth of the rate needs about a hundred times as "
        "many steps to get as far.",
    ),
    Exercise(
        "Train the embedding MLP on the sample with a batch size of 8 and a patience of 0, and find the epoch at which the validation loss "
        "turns. Then see in the Museum what a forgotten evaluation mode does.",
        "The training loss falls towards zero. The validation loss is lowest after a few epochs and rises from there: what is learned from "
        "then on are single texts. The kept weights are those of the turn. In the Museum: the curve of the training shows nothing at all.",
        (
            Link("train", "Train on the sample", TRAIN_ON_SAMPLE),
            Link("museum", "Forgotten evaluation mode, in the Museum"),
        ),
    ),
)

FUNDAMENTALS = (TEXTS_AS_NUMBERS, PYTORCH, KERAS, JUDGING)
