"""What a training is: its settings, its run, and the drawings that people labeled."""
