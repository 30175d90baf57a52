"""Settings of the documentation."""

import resemblance

project = "resemblance"
author = "The resemblance developers"
copyright = "2026, The resemblance developers"  # noqa: A001 - Sphinx's name
release = resemblance.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
autodoc_typehints = "none"
numpydoc_show_class_members = False
html_theme = "alabaster"
html_theme_options = {"description": "How similar are these neural networks, and is that more than chance?"}
exclude_patterns = ["_build"]
