"""Pictures without a network: from ink to 28x28, convolution, corruptions, files, colors."""
