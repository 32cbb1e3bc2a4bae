"""The convolutional network of Keras's own MNIST example, fitted as it is there: the peer.

https://keras.io/examples/vision/mnist_convnet/: Adam, batches of 128. Prints a JSON object for
each epoch: the seconds of fitting so far, and the accuracy on the 10,000 test images.
"""

import json
import sys
import time

import keras
import numpy as np
from keras import layers

from mnist_app.data import datasets


def main() -> None:
    epochs = int(sys.argv[1])
    with np.load(datasets.MNIST_FILE) as arrays:
        images, labels = arrays["x_train"], arrays["y_train"]
    test = datasets.load_test()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    x, y = images[..., np.newaxis].astype(np.float32) / 255, np.eye(10)[labels]
    x_test, y_test = test.images[..., np.newaxis].astype(np.float32) / 255, np.eye(10)[test.labels]
    seconds = 0.0
    for epoch in range(epochs):
        started = time.perf_counter()
        model.fit(x, y, batch_size=128, verbose=0, initial_epoch=epoch, epochs=epoch + 1)
        seconds += time.perf_counter() - started
        _, accuracy = model.evaluate(x_test, y_test, batch_size=500, verbose=0)
        print(json.dumps({"seconds": seconds, "accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main()
