"""``python -m resemblance``."""

from resemblance.cli import main

raise SystemExit(main())
