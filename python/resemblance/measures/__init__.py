"""The measures: one module per family, one typed function per measure.

To add a measure, write its function in the module of its family and export it in ``resemblance/__init__.py``. The
function has the name of the measure in the compiled core, and operations recognize the function itself.
"""
