"""The measures: a package per family, a file per measure, one typed function in each.

The tree is that of ``src/measures``. Files begin with an underscore, for a module must not have the name of a function
beside it. To add a measure, write its file and name it in the ``__init__.py`` of its family: this package and the root
take what ``__all__`` of a family lists. The function has the name of the measure in the compiled core, and operations
recognize the function itself.
"""

from resemblance.measures import alignment, cca, functional, neighbors, rsm, statistics, topology
from resemblance.measures.alignment import *  # noqa: F403 - what `__all__` of the family lists
from resemblance.measures.cca import *  # noqa: F403
from resemblance.measures.functional import *  # noqa: F403
from resemblance.measures.neighbors import *  # noqa: F403
from resemblance.measures.rsm import *  # noqa: F403
from resemblance.measures.statistics import *  # noqa: F403
from resemblance.measures.topology import *  # noqa: F403

__all__: list[str] = []
__all__ += alignment.__all__
__all__ += cca.__all__
__all__ += functional.__all__
__all__ += neighbors.__all__
__all__ += rsm.__all__
__all__ += statistics.__all__
__all__ += topology.__all__
