"""Long simulations are collected only where RESEMBLANCE_LONG is set: `make test-long`."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("RESEMBLANCE_LONG") else ["test_*.py"]
