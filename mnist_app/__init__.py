"""MNIST Lab: see how a convolutional neural network reads a handwritten digit."""
