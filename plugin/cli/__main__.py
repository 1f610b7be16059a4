"""python -m plugin.cli: the command `backstop`, where it is not on the path."""

from __future__ import annotations

import sys

from plugin.cli import main

sys.exit(main())
