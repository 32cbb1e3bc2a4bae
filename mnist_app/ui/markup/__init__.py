"""HTML and SVG fragments: arrays become pictures, charts and tables."""
