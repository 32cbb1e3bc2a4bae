"""The code that pages show: snippets and whole scripts."""
