"""The few lines of Keras, TensorFlow or OpenCV that compute what a page shows, as text to copy.

Each runs as it stands in this project's folder: the drawing is part of it.
"""

import base64
import zlib
from collections.abc import Sequence

import cv2

from mnist_app.imaging.convolution import Array, Padding
from mnist_app.imaging.normalize import Image
from mnist_app.networks.interventions import Interventions
from mnist_app.networks.layers import Layer


def pixels(gray: Image, network: str) -> str:
    """Return how a canvas, uint8 (height, width), becomes 28x28, and what is answered."""
    _, png = cv2.imencode(".png", gray)
    data = base64.b64encode(png.tobytes()).decode("ascii")
    return f'''\
import base64

import cv2
import numpy as np

from mnist_app.model import builder

# Your drawing in gray, as a PNG file.
png = base64.b64decode("{data}")
gray = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)  # uint8, 280 x 280

# Cropped to the ink, scaled into 20 x 20, the brightest pixel 255.
x, y, width, height = cv2.boundingRect(gray)
crop = gray[y : y + height, x : x + width]
factor = 20 / max(crop.shape)
size = (max(1, round(width * factor)), max(1, round(height * factor)))
method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
scaled = cv2.resize(crop, size, interpolation=method)
scaled = cv2.convertScaleAbs(scaled, alpha=255 / scaled.max())

# The center of mass goes to the middle of 28 x 28.
moments = cv2.moments(scaled)
left = round(14 - moments["m10"] / moments["m00"])
top = round(14 - moments["m01"] / moments["m00"])
left = min(max(0, left), 28 - scaled.shape[1])
top = min(max(0, top), 28 - scaled.shape[0])
image = np.zeros((28, 28), np.uint8)
image[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled

# The easy way: the whole canvas, scaled down.
naive = cv2.resize(gray, (28, 28), interpolation=cv2.INTER_AREA)

network = builder.load("{network}")
probabilities = np.array(network(np.stack([image, naive]).astype("float32")))
print(image)
print(probabilities.round(3))
'''


def convolution(image: Image, kernel: Array, stride: int, padding: Padding) -> str:
    """Return how an image, uint8 (28, 28), is convolved with a kernel, float32 (rows, columns)."""
    same_in_opencv = ""
    if stride == 1 and padding == "same":
        same_in_opencv = """
# The same in OpenCV.
result = cv2.filter2D(image.astype("float32"), -1, kernel, borderType=cv2.BORDER_CONSTANT)
"""
    return f"""\
{_imports(*(["cv2"] if same_in_opencv else []), "keras", "numpy as np")}

{_image(image)}
{_array("kernel", kernel)}

# Keras wants (batch, rows, columns, channels) and (rows, columns, channels, maps).
batch = image[None, :, :, None].astype("float32")
result = keras.ops.conv(batch, kernel[:, :, None, None], strides={stride}, padding="{padding}")
result = np.array(result)[0, :, :, 0]
print(result)
{same_in_opencv}"""


def learned_kernels(image: Image, network: str, layer: Layer, changes: Interventions) -> str:
    """Return a convolution's kernels, their maps of an image, uint8 (28, 28), and the answer.

    With kernels of that layer edited, also the answer with these.
    """
    edited = ""
    if layer.name in changes.kernels:
        kernels, biases = changes.kernels[layer.name]
        weights = "[kernels, biases]" if layer.has_bias else "[kernels]"
        edited = f"""
# Your changes.
{_array("kernels", kernels)}
{_array("biases", biases) + chr(10) if layer.has_bias and biases is not None else ""}\
network.get_layer("{layer.name}").set_weights({weights})
print(np.array(network(batch)).round(3))
"""
    return f"""\
{_imports("keras", "numpy as np")}

from mnist_app.model import builder

{_image(image)}
batch = image[None].astype("float32")

network = builder.load("{network}")
kernels = network.get_layer("{layer.name}").get_weights()[0]  # rows, columns, 1, maps
until = keras.Model(network.input, network.get_layer("{layer.name}").output)
maps = np.array(until(batch))[0]  # rows, columns, maps
print(maps.shape)
print(np.array(network(batch)).round(3))
{edited}"""


def feature_maps(image: Image, network: str) -> str:
    """Return the output of every layer of a network for an image, uint8 (28, 28)."""
    return f"""\
{_imports("keras", "numpy as np")}

from mnist_app.model import builder

{_image(image)}

network = builder.load("{network}")
outputs = {{layer.name: layer.output for layer in network.layers[1:]}}
inside = keras.Model(network.input, outputs)
layers = {{name: np.array(maps)[0] for name, maps in inside(image[None].astype("float32")).items()}}
for name, maps in layers.items():
    print(name, maps.shape, maps.min(), maps.max())
"""


def pooling(image: Image, source: str, number: int, network: str, size: int, stride: int) -> str:
    """Return three ways to pool an image, uint8 (28, 28), or the map of a network's layer."""
    if not source:
        chosen = 'chosen = image.astype("float32")'
    else:
        chosen = f"""
from mnist_app.model import builder

network = builder.load("{network}")
until = keras.Model(network.input, network.get_layer("{source}").output)
chosen = np.array(until(image[None].astype("float32")))[0, :, :, {number}]"""
    return f"""\
{_imports("keras", "numpy as np")}

{_image(image)}
{chosen}

# Keras wants (batch, rows, columns, channels).
batch = chosen[None, :, :, None]
largest = keras.ops.max_pool(batch, {size}, strides={stride}, padding="valid")
average = keras.ops.average_pool(batch, {size}, strides={stride}, padding="valid")
subsampled = batch[:, ::{stride}, ::{stride}][:, : largest.shape[1], : largest.shape[2]]
print(np.array(largest)[0, :, :, 0])
"""


def label_and_loss(source: str, part: str, index: int, network: str) -> str:
    """Return how an image is read from a data set, its one-hot label, and a network's loss."""
    load = "load_all_training" if part == "training" else "load_test"
    return f"""\
{import_lines("keras", "numpy as np")}

from mnist_app.data import datasets
from mnist_app.model import builder

# MNIST alone is also in keras.datasets.mnist.load_data().
split = datasets.{load}("{source}")  # images uint8 (n, 28, 28), labels uint8 (n,)
image, label = split.images[{index}], split.labels[{index}]
average = split.images[split.labels == label].mean(axis=0)
one_hot = np.eye(10, dtype=np.float32)[label]
print(image.nbytes, "bytes; label", label, "is", one_hot)

network = builder.load("{network}")
probabilities = np.array(network(image[None].astype("float32")))[0]
loss = -np.log(np.sum(one_hot * probabilities))
print(probabilities.round(3), "loss", loss)
print("the same by Keras:", float(keras.losses.categorical_crossentropy(one_hot, probabilities)))
"""


_CORRUPTIONS = {
    "shift": "cv2.warpAffine(image, np.float32([[1, 0, strength], [0, 1, 0]]), (28, 28))",
    "turn": "cv2.warpAffine(image, cv2.getRotationMatrix2D(middle, strength, 1), (28, 28))",
    "scale": "cv2.warpAffine(image, cv2.getRotationMatrix2D(middle, 0, strength / 100), (28, 28))",
    "pen": "corruptions.change_pen(image, strength)  # erode or dilate at eight times the size",
    "noise": "corruptions.add_noise(image, strength)  # Gaussian",
    "blur": "corruptions.blur(image, strength)  # cv2.GaussianBlur",
    "contrast": "np.rint(127.5 + (1 - strength / 100) * (image - 127.5)).astype(np.uint8)",
    "hide": "np.where(np.arange(28)[:, None] < strength, 0, image).astype(np.uint8)",
}


def corrupted(image: Image, corruption: str, strength: float, networks: Sequence[str]) -> str:
    """Return how an image, uint8 (28, 28), is corrupted, and what networks answer then.

    `corruption` is one of `imaging.corruptions.CORRUPTIONS`, `strength` one of its strengths.
    """
    return f"""\
{_imports("cv2", "numpy as np")}

from mnist_app.imaging import corruptions
from mnist_app.model import builder

{_image(image)}
strength, middle = {strength!r}, (13.5, 13.5)
corrupted = {_CORRUPTIONS[corruption]}
assert np.array_equal(corrupted, corruptions.CORRUPTIONS["{corruption}"].apply(image, strength))
for name in {list(networks)!r}:
    probabilities = np.array(builder.load(name)(corrupted[None].astype("float32")))[0]
    print(name, probabilities.argmax(), probabilities.max())
"""


def import_lines(*packages: str) -> str:
    """Return the lines that import these packages."""
    return "\n".join(f"import {name}" for name in packages)


def _imports(*packages: str) -> str:
    """Return the lines that import what `_image` needs, and these packages."""
    return import_lines("base64", "zlib\n", *packages)


def _array(name: str, values: Array) -> str:
    """Return a line that makes a variable, float32, exactly as it is: large ones compressed."""
    if values.size <= 25:
        return f"{name} = np.array({values.tolist()}, np.float32)"
    data = base64.b85encode(zlib.compress(values.astype("<f4").tobytes(), 9)).decode("ascii")
    return (
        f"data = zlib.decompress(base64.b85decode({data!r}))\n"
        f"{name} = np.frombuffer(data, np.float32).reshape{values.shape}"
    )


def _image(image: Image) -> str:
    """Return lines that make the variable `image`, uint8 (28, 28)."""
    data = base64.b85encode(zlib.compress(image.tobytes(), 9)).decode("ascii")
    return f"""\
# Your drawing as the network sees it.
data = zlib.decompress(base64.b85decode({data!r}))
image = np.frombuffer(data, np.uint8).reshape(28, 28)"""
