"""What a network is, without TensorFlow: its architecture, its card, what it answers."""
