"""The course's second half: word order, pre-trained encoders, fair measurements, choosing and deploying; both frameworks throughout."""

from __future__ import annotations

from engine.course.answers import AnswerFromRuns, AnswerFromStudy
from engine.course.fundamentals import TRAIN_ON_SAMPLE, WORD_COUNTS
from engine.course.lesson import Exercise, Lesson, Link, Question, Shown
from engine.course.verdicts import faster_answer, more_accurate, size_of_difference
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.planning.study_times import seconds_of_audit
from engine.studies.audit import LEVELS, AuditRequest
from engine.studies.audit_results import AuditResults

CONVOLUTION = Experiment.recommended(sample_choice(), "text-cnn")
FROZEN_ENCODER = Experiment.recommended(sample_choice(), "embedding-mlp")

AUDITED = "tfidf-mlp"
AUDITED_STEPS = 20

AGAINST_COUNTS = {
    "better": "better, beyond the noise",
    "alike": "not to be told apart on these test texts",
    "worse": "worse, beyond the noise",
}

WORD_ORDER = Lesson(
    5,
    "Words in their order: CNN and LSTM",
    "Two ways to read a text as a sequence, and what they need in order to pay off.",
    """\
Counting words forgets their order: “not late, but broken” and “not broken, but late” look the same. Two classic networks read on.

**Word vectors.** Each known word gets a vector that is learned along: an *embedding*, a table with one row a word. A text becomes a
tensor of shape (words, vector).

**Convolution.** A filter looks at three, four or five neighbouring words and answers how much they resemble what it has learned to
look for. Of each filter the strongest answer anywhere in the text counts. All places are computed at once, which is fast.

**Recurrence.** An LSTM reads word by word and carries a state along; gates decide what is kept, forgotten and added. Two of them, one
from each end, make a Bi-LSTM. Each word waits for the one before it, which is slow.

**Padding.** The texts of a batch have different lengths and are filled up with zeros. Those must change nothing: the CNN leaves such
places out, PyTorch's LSTM packs the batch, Keras's is given a mask.

**Axes.** PyTorch's `Conv1d` wants (batch, channels, words), Keras's `Conv1D` (batch, words, channels). The error message of the wrong
order is a riddle the first time.""",
    (
        Shown(
            "A convolution over words",
            "PyTorch turns the axes and writes the maximum out; Keras needs a layer of its own for whatever is more than a layer of the "
            "library.",
            "text-cnn",
            "build",
            ("TextCNN", "WideEnough", "Strongest", "build"),
        ),
        Shown(
            "An LSTM in both directions",
            "pack_padded_sequence on the left, mask= on the right: two ways to never read padding.",
            "bi-lstm",
            "build",
            ("BiLSTM", "build"),
        ),
    ),
    Question(
        "A CNN learns word vectors and filters from nothing but the 505 training messages of the sample. Against week 1's word counts, its "
        "accuracy on the test messages is …",
        AGAINST_COUNTS,
        AnswerFromRuns({"Word counts": WORD_COUNTS, "Text CNN": CONVOLUTION}, more_accurate("Word counts", "Text CNN")),
        "a run of the text CNN on the sample, beside that of week 1",
        "Word vectors and filters are many more numbers to learn from the same few texts. Order pays off where it decides the class and "
        "there are enough texts to learn it from; here single words already say a lot.",
    ),
    Exercise(
        "Train the Bi-LSTM on the sample and compare it with the CNN: training time, texts per second, accuracy.",
        "The LSTM takes longer for each text, for it cannot begin with a word before the one before it is done. Whether it is more "
        "accurate is a matter of noise on so few test texts.",
        (
            Link("train", "Train on the sample", TRAIN_ON_SAMPLE),
            Link("compare", "Compare the two models"),
            Link("code", "All of the Bi-LSTM on the Code page", {"classifier": "bi-lstm"}),
        ),
    ),
)

ENCODERS = Lesson(
    6,
    "Pre-trained encoders, frozen and fine-tuned",
    "How a model that has read a lot helps one that has seen little.",
    """\
A *transformer* encoder has read hundreds of millions of sentences before it meets yours. In each of its layers every token looks at
every other one and takes from it what it needs (*attention*); what comes out are vectors of meaning rather than of spelling.

**Its tokenizer belongs to it.** It cuts rare words into pieces, so nothing is unknown, and its numbers fit this one model only.

**Frozen.** The encoder stays as it is, its vectors are computed once and kept, and two dense layers learn on top of them: seconds, and
hard to overfit. This is the guide's own classifier.

**Fine-tuned.** The encoder learns along, with a small learning rate that warms up and falls again, for two to four epochs. More
accurate where there are enough texts; a hundred times the work.

**Where models come from.** In PyTorch, `transformers.AutoModel`. For TensorFlow older material names `TFAutoModel`, which left
transformers with version 5; its place is taken by KerasHub's `Backbone.from_preset`, which reads the same files. The same files are
not yet the same model: KerasHub's BERT approximates one function, and Parity sets it right.

**Sizes.** The bundled all-MiniLM-L6-v2 gives vectors of 384 numbers, `BAAI/bge-large-en-v1.5` of 1,024 (some older notes say 768).
Ask the model's configuration instead of a note.""",
    (
        Shown(
            "From token vectors to one vector",
            "The mean over the real tokens, padding left out. The same in both, down to the comment on shapes.",
            "embedding-mlp",
            "load the pre-trained model",
            ("pool", "embed"),
        ),
        Shown(
            "Fine-tuning",
            "One new layer on the encoder, and everything learns. PyTorch calls the encoder in forward; Keras connects it as one layer "
            "among others.",
            "transformer",
            "build",
            ("Transformer", "build"),
        ),
    ),
    Question(
        "The bundled encoder has never seen a message to this shop, and it stays frozen. Two dense layers learn on its vectors instead of "
        "on word counts. Against week 1, the accuracy on the test messages is …",
        AGAINST_COUNTS,
        AnswerFromRuns({"Word counts": WORD_COUNTS, "Frozen encoder": FROZEN_ENCODER}, more_accurate("Word counts", "Frozen encoder")),
        "a run of the embedding MLP on the sample, which is that of the Home page, beside that of week 1",
        "The encoder already knows that a parcel and a package are alike. With little data most of the knowledge has to come from "
        "elsewhere, and a vector of a few hundred numbers has fewer ways to overfit than one of thousands of terms. Whether that can be "
        "proved on a hundred test texts is another question, which is week 7's.",
    ),
    Exercise(
        "Fine-tune: train the Transformer on the sample. Look at the estimate before you start, then compare with the frozen encoder: is "
        "the difference beyond the noise?",
        "Minutes rather than seconds of training. Compare states the 95 % interval of a difference; on some hundred test texts it is wide.",
        (
            Link("train", "Train on the sample", TRAIN_ON_SAMPLE),
            Link("code", "The Transformer on the Code page", {"classifier": "transformer"}),
        ),
    ),
)

FAIRNESS = Lesson(
    7,
    "Measuring fairly",
    "How two frameworks are made equal, how equal they can be, and when a difference means something.",
    """\
“Framework A is faster and more accurate” is said quickly. Most such sentences compare two different models.

**The same model.** Each framework draws other initial weights, shuffles another way and puts Adam's ε in another place. In matched
mode NumPy draws weights and batches once for both, and both use one equation. What is left is the order in which numbers are added up.

**Floating point.** (a + b) + c is not quite a + (b + c). float32 keeps about 7 digits, float64 about 16. Training amplifies the last
digit from step to step, so even a perfect twin drifts.

**Noise.** An accuracy on a hundred texts is known to several points only. Ask for the interval of the *difference*, on the same texts:
if it holds 0, nothing has been shown. Another seed is the second test.

**Time.** Leave out the first step, which traces and compiles. Let only one framework compute at a time, with the same threads, in the
same precision. Report medians, and the machine they come from.

**Three questions, not one.** As a newcomer gets it, made equal, and compiled: three results that must never be mixed.""",
    (
        Shown(
            "The same weights",
            "nn.Linear keeps its matrix as (outputs, inputs), Dense as (inputs, outputs). A forgotten transpose goes unnoticed where a "
            "layer is square.",
            "embedding-mlp",
            "build",
            ("load_neutral",),
        ),
        Shown(
            "The same batches",
            "One list of rows for each epoch. PyTorch's loop takes it as it comes; for Keras it becomes a data set and a callback.",
            "embedding-mlp",
            "train",
            ("_batches_of", "SharedBatches", "make_batches"),
        ),
    ),
    Question(
        f"Same weights, same batches, same equation, in float64: both frameworks train the TF-IDF MLP for {AUDITED_STEPS} steps. How far "
        "do their losses drift apart, as a part of the loss?",
        {
            "zero": "Not at all: equal to the last bit",
            "last-digits": "In the last digits of float64: less than 10⁻¹²",
            "single": "About as much as float32 rounds: 10⁻¹² to 10⁻⁵",
            "visible": "Visibly: more than 10⁻⁵",
        },
        AnswerFromStudy(
            "audit",
            f"Audit of the TF-IDF MLP, {AUDITED_STEPS} steps",
            lambda: AuditRequest((AUDITED,), AUDITED_STEPS),
            seconds_of_audit((AUDITED,), len(LEVELS), AUDITED_STEPS),
            AuditResults,
            size_of_difference(AUDITED),
            AuditRequest,
        ),
        "an audit of this one classifier; the page's own audit of all of them answers as well",
        "Both compute the same formula, but add the products of a matrix multiplication up in an order of their own. Each sum is rounded, "
        "and the next step begins from there.",
    ),
    Exercise(
        "Open a finished run on the Compare page and go through its Fairness tab. Which of its lines would a blog post have left out? Then "
        "find on the Audit page which default makes the largest difference.",
        "The interval of the accuracy difference, the first step, the threads, the versions. On the Audit page a default counts only where "
        "it changes more than another seed does.",
        (Link("compare", "A run on the Compare page"), Link("audit", "Which default makes the difference, on the Audit page")),
    ),
)

CHOOSING = Lesson(
    8,
    "Choosing and deploying",
    "What speaks for either framework, what has become of the tools around them, and how not to be bound.",
    """\
Seven weeks of twins end in a plain result: for classifying documents the framework hardly matters for accuracy. Choose by the work
around the model.

**PyTorch** if you want to see and change every step, if you follow research, or if the model you want is published for it first, as
many are.

**TensorFlow with Keras** if a short description of a standard model is what you need, if you deploy to TF Serving, phones or small
devices, or if your colleagues already do.

**Answering in production.** PyTorch: `torch.export`, ONNX Runtime, ExecuTorch on devices. TensorFlow: SavedModel in TF Serving, LiteRT
on devices. Hosted services run either; the guide's last two weeks are indifferent for that reason.

**Names in older material.** TorchServe is no longer maintained. PyTorch Mobile has become ExecuTorch, TF Lite has become LiteRT.
onnx-tf, once the way from ONNX to TensorFlow, can no longer be imported beside current ONNX. paperswithcode, long a source for
popularity figures, has closed.

**Not being bound.** Weights are numbers. Saved under neutral names and layouts, as safetensors, they load into either framework, and a
file of numbers cannot run code, which a pickle can.

**What to keep.** Weights, tokenizer or vocabulary, the names of the classes in their order, and the versions. A model without its
tokenizer is a museum piece.""",
    (
        Shown(
            "Answering for new texts",
            "The same steps and the same clock; what differs is who puts arrays on the device.",
            "embedding-mlp",
            "classify",
            ("classify",),
        ),
        Shown(
            "Saving for either framework",
            "Only PyTorch transposes. The file has the same names and shapes, whoever wrote it.",
            "embedding-mlp",
            "save",
            ("to_neutral", "save_weights", "load_weights"),
        ),
    ),
    Question(
        "The guide says of answering on a processor: “comparable”. Its own classifier, the embedding MLP, is asked for one text at a time, "
        "from the text to the answer. Which framework answers sooner on this machine?",
        {
            "pytorch": "PyTorch, by at least a tenth",
            "equal": "Less than a tenth lies between them",
            "tensorflow": "TensorFlow, by at least a tenth",
        },
        AnswerFromRuns({"Embedding MLP": FROZEN_ENCODER}, faster_answer),
        "a run of the embedding MLP on the sample; that of the Home page or of week 6 serves",
        "For a single text little is computed and much is administered: calls from Python, a graph that is entered and left, tensors made "
        "from arrays. In batches, and on another machine, the order can be another one.",
    ),
    Exercise(
        "Ask both trained models for a text of your own on the Classify page. Then take a run away as a script from the end of the Code "
        "page and run it where Parity is not installed.",
        "Both models give the same answer with nearly the same probabilities. The script trains again, needs one framework only, and "
        "prints the accuracy that the page names beside the download.",
        (Link("classify", "Classify your own texts"), Link("code", "Take a run with you, at the end of the Code page")),
    ),
)

PRACTICE = (WORD_ORDER, ENCODERS, FAIRNESS, CHOOSING)
