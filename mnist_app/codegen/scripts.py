"""Complete scripts that train exactly the network of a run, as text to copy.

Each runs as it stands where TensorFlow is installed: Keras downloads MNIST where its file does not
lie beside the script. Only for augmented images, EMNIST and what Keras lacks of LeNet-5, this
project must lie in the same folder. The notebook is made of the same parts.
"""

import inspect
from pathlib import Path

from mnist_app.codegen.snippets import import_lines
from mnist_app.data.datasets import MNIST, VALIDATION_IMAGES
from mnist_app.data.label_noise import mislabel
from mnist_app.networks.architecture import Architecture, as_tuples
from mnist_app.networks.layer_specs import Convolution, LayerSpec, Rescaling
from mnist_app.training.settings import Settings, rate_at

BY_HAND = Path(__file__).parent.parent / "model" / "by_hand.py"
PATH_IMPORT = "from pathlib import Path"
_OPTIMIZERS = {
    "sgd": "keras.optimizers.SGD(LEARNING_RATE)",
    "momentum": "keras.optimizers.SGD(LEARNING_RATE, momentum=0.9)",
    "rmsprop": "keras.optimizers.RMSprop(LEARNING_RATE)",
    "adam": "keras.optimizers.Adam(LEARNING_RATE, beta_2={beta_2})",
    "adamw": "keras.optimizers.AdamW(LEARNING_RATE, weight_decay={decay}, beta_2={beta_2})",
}


def keras_script(settings: Settings) -> str:
    """Return a script with compile and fit for these settings."""
    return f'''\
{import_lines("math")}
{PATH_IMPORT}

{import_lines("keras", "numpy as np")}

{constants(settings)}
keras.utils.set_random_seed(SEED)

{loading(settings)}
{training_data(settings)}
{network_code(settings.architecture)}
# The loss is computed from the logits, which is exact; the softmax comes after.
model = keras.Model(network.input, network.get_layer("logits").output)
model.compile(
    optimizer={optimizer(settings)},
    loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)

{schedule(settings)}

class Schedule(keras.callbacks.Callback):
    """Set the learning rate before each batch."""

    batches_done = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate.assign(learning_rate(self.batches_done))
        self.batches_done += 1


schedule = Schedule()
for epoch in range(EPOCHS):
    images, targets = training_data(epoch)
{smoothing(settings)}    order = np.random.default_rng([SEED, epoch]).permutation(len(images))
    model.fit(
        images[order],
        targets[order],
        batch_size=BATCH_SIZE,
        shuffle=False,
        initial_epoch=epoch,
        epochs=epoch + 1,
        validation_data=(validation_images, np.eye(10)[validation_labels]),
        callbacks=[schedule],
    )

_, accuracy = model.evaluate(test_images, np.eye(10)[test_labels], batch_size=500, verbose=0)
print(f"Right on the {{len(test_labels):,}} test images: {{100 * accuracy:.2f}}%")
network.save("network.keras")
'''


def tensorflow_script(settings: Settings) -> str:
    """Return a script with variables and a gradient tape for these settings.

    Raises ArchitectureError for a network that is not written by hand here; see
    `networks.architecture.is_written_by_hand`.
    """
    return f"""\
{BY_HAND.read_text().rstrip()}


{import_lines("math")}
{PATH_IMPORT}

{import_lines("keras")}

{constants(settings)}
LAYERS = {layers_by_hand(settings)}

{loading(settings)}
{training_data(settings)}
{schedule(settings)}

network = Network(LAYERS, SEED)
training = Training(
    network, {settings.optimizer!r}, {settings.weight_decay!r}, {settings.beta_2!r}, SEED
)


def accuracy(images, labels):
    answers = [
        network.logits(tf.constant(images[start : start + 500])).numpy().argmax(axis=1)
        for start in range(0, len(images), 500)
    ]
    return np.mean(np.concatenate(answers) == labels)


batches_done = 0
for epoch in range(EPOCHS):
    images, targets = training_data(epoch)
{smoothing(settings)}    order = np.random.default_rng([SEED, epoch]).permutation(len(images))
    for start in range(0, len(images), BATCH_SIZE):
        batch = order[start : start + BATCH_SIZE]
        rate = tf.constant(learning_rate(batches_done), tf.float32)
        loss, right = training.step(
            tf.constant(images[batch]), tf.constant(targets[batch]), rate
        )
        batches_done += 1
    seen = accuracy(validation_images, validation_labels)
    print(f"Epoch {{epoch + 1}}: loss {{loss:.4f}}, validation accuracy {{100 * seen:.2f}}%")

share_right = accuracy(test_images, test_labels)
print(f"Right on the {{len(test_labels):,}} test images: {{100 * share_right:.2f}}%")
"""


def constants(settings: Settings) -> str:
    """Return the settings by name."""
    return f"""\
SEED = {settings.seed}
EPOCHS = {settings.epochs}
BATCH_SIZE = {settings.batch_size}
IMAGES = {settings.images}
LEARNING_RATE = {settings.learning_rate!r}  # the highest of its schedule"""


def layers_by_hand(settings: Settings) -> str:
    """Return the layers as `model.by_hand` takes them; raises as `tensorflow_script` does."""
    lines = "\n".join(f"    {layer!r}," for layer in as_tuples(settings.architecture))
    return f"[\n{lines}\n]"


def optimizer(settings: Settings) -> str:
    """Return the expression that makes Keras's optimizer."""
    return _OPTIMIZERS[settings.optimizer].format(
        decay=settings.weight_decay, beta_2=settings.beta_2
    )


def loading(settings: Settings) -> str:
    """Return how the data is loaded and split."""
    return f"""\
{_whole_data(settings.data)}
# The last {VALIDATION_IMAGES:,} images are for validation: the network does not learn from them.
validation_images, validation_labels = images[-{VALIDATION_IMAGES}:], labels[-{VALIDATION_IMAGES}:]
images, labels = images[:IMAGES], labels[:IMAGES]
{_label_noise(settings)}"""


def training_data(settings: Settings) -> str:
    """Return the function that makes the images and targets of an epoch, augmented if asked for."""
    if settings.augmentation == "none":
        return '''\
one_hot = np.eye(10, dtype=np.float32)[labels]


def training_data(epoch, originals=images, targets=one_hot):
    """The same images in each epoch, uint8 (n, 28, 28), and one-hot labels, float32 (n, 10)."""
    return originals, targets

'''
    return f'''\
def training_data(epoch, originals=images, its_labels=labels):
    """Images augmented for this epoch by this project's own code, and their targets."""
    from loky import get_reusable_executor

    from mnist_app.data.datasets import Split
    from mnist_app.data.epochs import Epoch, Mixture

{_written(settings)}
    mixture = {settings.mixture!r}
    split = Split(originals, its_labels)
    return Epoch(get_reusable_executor(), split, mixture, SEED, epoch, written).result()

'''


def _label_noise(settings: Settings) -> str:
    """Return the lines that make some training labels wrong, where that is asked for."""
    if not settings.label_noise:
        return ""
    return f"""\
from numpy.typing import NDArray


{inspect.getsource(mislabel)}

labels = mislabel(labels, {settings.label_noise!r}, SEED)
"""


def _written(settings: Settings) -> str:
    """Return how the strokes of people are read that are written anew, where there are any."""
    if not settings.rewritten:
        return "    written = []"
    return """\
    from mnist_app.data import stroke_files
    from mnist_app.training.epoch_data import read_strokes

    # UCI's pen digits; six of the thirty writers are held apart.
    everybody = stroke_files.read_strokes(Path("pendigits-orig.tra"))
    written = read_strokes(stroke_files.as_npz(everybody)).learned
"""


def _whole_data(source: str) -> str:
    if source == MNIST.name:
        return """\
DATA = Path("mnist.npz")  # read where it lies here; otherwise Keras downloads it
if DATA.exists():
    with np.load(DATA) as arrays:
        images, labels = arrays["x_train"], arrays["y_train"]
        test_images, test_labels = arrays["x_test"], arrays["y_test"]
else:
    (images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()"""
    return f"""\
# This project's own code reads the files; where they must lie stands on its page MNIST.
from mnist_app.data import datasets

training_split, test_split = datasets.load_all_training({source!r}), datasets.load_test({source!r})
images, labels = training_split.images, training_split.labels
test_images, test_labels = test_split.images, test_split.labels"""


def smoothing(settings: Settings) -> str:
    """Return the line that smooths the targets, where that is asked for."""
    share = settings.label_smoothing
    if not share:
        return ""
    return (
        f"    targets = (1 - {share!r}) * targets + np.float32({share!r} / 10)  # label smoothing\n"
    )


def schedule(settings: Settings, images: str = "") -> str:
    """Return the function that gives the learning rate of each batch.

    `images` is an expression: how many images an epoch has, where it is not known here.
    """
    return f"""\
batches = EPOCHS * math.ceil({images or settings.images_per_epoch} / BATCH_SIZE)


{inspect.getsource(rate_at)}

def learning_rate(batches_done):
    return rate_at({settings.schedule!r}, LEARNING_RATE, batches_done / max(1, batches - 1))
"""


def network_code(architecture: Architecture) -> str:
    """Return the lines that build a network with Keras and call it `network`."""
    lines = "\n".join(f"x = {_keras_line(spec)}(x)" for spec in architecture)
    return f"""\
{_own_imports(architecture)}image = x = keras.Input((28, 28), name="image")
{lines}
network = keras.Model(image, x)
network.summary()
"""


def _own_imports(architecture: Architecture) -> str:
    """Return the line that imports from this project what Keras does not have, if any is used."""
    is_partly_connected = [isinstance(s, Convolution) and s.connections for s in architecture]
    activations = [spec.keras_arguments().get("activation") for spec in architecture]
    names = ["PartlyConnected"] if any(is_partly_connected) else []
    names += ["scaled_tanh"] if "scaled_tanh" in activations else []
    if not names:
        return ""
    return f"""\
# This project's own code: what Keras does not have.
from mnist_app.model.builder import {", ".join(names)}

"""


def _keras_line(spec: LayerSpec) -> str:
    """Return the expression that makes a layer with Keras: `keras.layers.Flatten(name=...)`."""
    arguments = {
        name: _expression(spec, name, value) for name, value in spec.keras_arguments().items()
    }
    if isinstance(spec, Convolution) and spec.connections:
        arguments["kernel_constraint"] = f"PartlyConnected({spec.connections})"
    arguments["name"] = f'"{spec.name}"'
    listed = ", ".join(f"{name}={text}" for name, text in arguments.items())
    return f"keras.layers.{spec.kind}({listed})"


def _expression(spec: LayerSpec, name: str, value: object) -> str:
    if isinstance(spec, Rescaling) and name == "scale":
        return f"1 / {spec.divisor:g}"
    if isinstance(value, str):
        return value if value == "scaled_tanh" else f'"{value}"'
    return repr(value)
