"""Lessons: what a course or a talk shows, scene by scene, each written down in a file of its own.

A scene is a Markdown file in `scenes/`, a lesson a list of scenes in `courses/`. `reading` reads
both, `elements` says what a scene can show.
"""
