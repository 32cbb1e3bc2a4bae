"""What networks learn from: data sets, strokes, and images that the program makes."""
