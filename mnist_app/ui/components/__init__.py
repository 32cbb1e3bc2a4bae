"""Elements of our own: a folder each with HTML, CSS and JavaScript, no build step."""
