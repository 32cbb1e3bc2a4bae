"""The two parts of the notebook in which a network is trained: with Keras, and by hand."""

from dataclasses import dataclass

from mnist_app.codegen import scripts
from mnist_app.networks import registry
from mnist_app.networks.layers import count_parameters
from mnist_app.networks.registry import NETWORKS
from mnist_app.training.settings import Settings


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook."""

    text: str
    is_code: bool
    """Python; else Markdown."""


def words(text: str) -> Cell:
    """Return a cell that explains, in Markdown."""
    return Cell(text, is_code=False)


def code(text: str) -> Cell:
    """Return a cell that is run, in Python."""
    return Cell(text, is_code=True)


NOT_BY_HAND = [
    words("""\
## Part 2: TensorFlow by hand

This network has layers that MNIST Lab does not write by hand. Train one that is built from stages,
and its notebook has this part.
""")
]
"""In the place of `by_hand`, see `networks.architecture.is_written_by_hand`."""


def with_keras(settings: Settings) -> list[Cell]:
    """Part 1: build, compile, fit, evaluate."""
    parameters = count_parameters(settings.layers)
    return [
        words(
            f"""\
## Part 1: Keras

The network is a list of layers. It has {parameters:,} parameters: the weights that are learned, and
what batch normalization keeps.
""",
        ),
        code(scripts.network_code(settings.architecture)),
        *(_start(settings.start_from) if settings.start_from else ()),
        words(
            """\
The loss is the cross-entropy, −log of the probability that the network gives to the label. It is
computed from the logits, the values before the softmax. The weights of this moment are kept: part 2
begins with the same ones.
""",
        ),
        code(
            f"""\
start_weights = {{layer.name: layer.get_weights() for layer in network.layers}}

model = keras.Model(network.input, network.get_layer("logits").output)
model.compile(
    optimizer={scripts.optimizer(settings)},
    loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
""",
        ),
        code(
            '''\
class Batches(keras.callbacks.Callback):
    """Set the learning rate before each batch, and note the loss after it."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate.assign(learning_rate(len(self.losses)))
        self.model.reset_metrics()  # otherwise the loss is the mean since the epoch began

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


keras_batches = Batches()
keras_validation = []
for epoch in range(EPOCHS):
    seen, targets = epoch_data(epoch)
    history = model.fit(
        seen,
        targets,
        batch_size=BATCH_SIZE,
        shuffle=False,
        initial_epoch=epoch,
        epochs=epoch + 1,
        validation_data=(validation_images, np.eye(10)[validation_labels]),
        callbacks=[keras_batches],
    )
    keras_validation += history.history["val_accuracy"]
''',
        ),
        code(
            '''\
def show_curves(losses, validation):
    """Show the loss of each batch and the validation accuracy after each epoch."""
    _, (left, right) = plt.subplots(1, 2, figsize=(10, 3))
    left.plot(losses)
    left.set(xlabel="batches", ylabel="training loss", ylim=(0, None))
    right.plot(range(1, EPOCHS + 1), validation, marker="o")
    right.set(xlabel="epochs", ylabel="validation accuracy")
    right.xaxis.get_major_locator().set_params(integer=True)
    plt.show()


show_curves(keras_batches.losses, keras_validation)
''',
        ),
        words("Now the test images, and some of those that it reads wrong."),
        code(
            """\
keras_answers = model.predict(test_images, batch_size=500, verbose=0).argmax(axis=1)
keras_accuracy = np.mean(keras_answers == test_labels)
print(f"Right on the {len(test_labels):,} test images: {100 * keras_accuracy:.2f}%")

wrong = np.flatnonzero(keras_answers != test_labels)[:20]
show(test_images[wrong], [f"{test_labels[at]}, not {keras_answers[at]}" for at in wrong], 5)
network.save("network.keras")
""",
        ),
    ]


def _start(network: str) -> list[Cell]:
    """How the weights are read that a fine-tuning begins with."""
    file = f"{network}.keras"
    where = "the button “Download as .keras” of that run gives it to you"
    if network in NETWORKS:
        file = f"mnist_app/assets/{network}.weights.h5"
        where = "it is part of MNIST Lab"
    return [
        words(
            f"""\
This run did not begin with random weights but with those of {registry.title(network)}, in the file
`{file}`: {where}.
""",
        ),
        code(
            f"""\
START = Path("{file}")
if START.exists():
    network.load_weights(START)
else:
    print(f"{{START}} is not here: the weights stay random.")
""",
        ),
    ]


def by_hand(settings: Settings) -> list[Cell]:
    """Part 2: variables, a gradient tape, an optimizer's step."""
    source = scripts.BY_HAND.read_text()
    network, training = source.index("class Network"), source.index("class Training")
    glorot = source.index("def glorot")
    return [
        words(
            """\
## Part 2: TensorFlow by hand

The same network without Keras: variables for the weights, and `logits`, the forward pass, written
out layer by layer.
""",
        ),
        code(source[source.index('"""', 3) + 3 : network] + source[glorot:]),
        code(source[network:training]),
        words(
            """\
One step: the **forward pass** on a gradient tape, the **loss**, the tape's **gradient** of the loss
by each variable, and the optimizer's **update**.
""",
        ),
        code(source[training:glorot]),
        words(
            """\
It gets the weights with which Keras began, and the same batches. Without dropout the loss of the
first batch is the same, digit by digit; later, rounding lets them drift apart.
""",
        ),
        code(
            f"""\
LAYERS = {scripts.layers_by_hand(settings)}
by_hand = Network(LAYERS, SEED)
for name, variables in by_hand.weights.items():
    every = [*variables, *by_hand.moving.get(name, [])]
    for variable, value in zip(every, start_weights[name]):
        variable.assign(value)

training = Training(
    by_hand, {settings.optimizer!r}, {settings.weight_decay!r}, {settings.beta_2!r}, SEED
)
""",
        ),
        code(
            '''\
def answers(some):
    """What the network by hand answers to images, 500 at a time."""
    parts = [some[start : start + 500] for start in range(0, len(some), 500)]
    return np.concatenate([by_hand.logits(tf.constant(part)).numpy().argmax(1) for part in parts])


hand_losses, hand_validation = [], []
for epoch in range(EPOCHS):
    seen, targets = epoch_data(epoch)
    for start in range(0, len(seen), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        rate = tf.constant(learning_rate(len(hand_losses)), tf.float32)
        loss, right = training.step(tf.constant(seen[batch]), tf.constant(targets[batch]), rate)
        hand_losses.append(float(loss))
    hand_validation.append(np.mean(answers(validation_images) == validation_labels))
    print(f"Epoch {epoch + 1}: validation accuracy {100 * hand_validation[-1]:.2f}%")

show_curves(hand_losses, hand_validation)
''',
        ),
        words("## Both side by side"),
        code(
            """\
hand_accuracy = np.mean(answers(test_images) == test_labels)
arrays = [*by_hand.weights.values(), *by_hand.moving.values()]
hand_parameters = sum(int(np.prod(one.shape)) for group in arrays for one in group)
print(f"Parameters:        Keras {network.count_params():,}, by hand {hand_parameters:,}")
print(f"First batch, loss: Keras {keras_batches.losses[0]:.4f}, by hand {hand_losses[0]:.4f}")
print(f"Test images right: Keras {100 * keras_accuracy:.2f}%, by hand {100 * hand_accuracy:.2f}%")

plt.figure(figsize=(6, 3))
plt.plot(keras_batches.losses, label="Keras")
plt.plot(hand_losses, "--", label="by hand")
plt.xlabel("batches")
plt.ylabel("training loss")
plt.legend()
plt.show()
""",
        ),
    ]
