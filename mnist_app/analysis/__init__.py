"""How good networks are, measured and published."""
