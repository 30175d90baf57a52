"""Files of numbers become arrays, lazily, and never by running code from the file.

| suffix | what comes back |
|---|---|
| ``.npy`` | one array, memory-mapped |
| ``.npz`` | a mapping from member name to array; members stored without compression are memory-mapped |
| ``.safetensors`` | a mapping from tensor name to array, memory-mapped; bfloat16 becomes float32 |
| ``.csv``, ``.tsv`` | a `Table`; one column of whole numbers or words is a vector of class ids |

Files are treated as hostile: headers are checked against the size of the file before anything is allocated, and formats
that can hold pickled code (``.pt``, ``.pkl``, object arrays in ``.npy``) are refused with the code ``unsafe_file``.
Pipes and devices are no files.

>>> import tempfile, pathlib, numpy as np
>>> from resemblance import io
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> np.save(folder / "layer10.npy", np.ones((4, 2)))
>>> np.save(folder / "layer9.npy", np.zeros((4, 3)))
>>> {name: array.shape for name, array in io.load_many(folder / "*.npy").items()}
{'layer9': (4, 3), 'layer10': (4, 2)}
"""

from resemblance.io._many import load_many
from resemblance.io._members import Members
from resemblance.io._open import open, open_ids, open_one, split_key  # noqa: A004 - resemblance.io.open reads well
from resemblance.io._table import Table

__all__ = ["Members", "Table", "load_many", "open", "open_ids", "open_one", "split_key"]
