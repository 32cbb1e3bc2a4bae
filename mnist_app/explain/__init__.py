"""Why this answer: what a network looked at, and what would change its mind."""
