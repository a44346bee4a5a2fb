"""`python -m monitor` and the `tocsin` command."""

from __future__ import annotations

import gc
import os


def main() -> None:
    """Run the command line."""
    # Whatever else is installed has no business in a configuration's models, and looking for it takes time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Imports make many objects and no garbage: collecting while they load is a tenth of the start-up time.
    gc.disable()
    from monitor.cli.app import main as run  # noqa: PLC0415 - after gc.disable()

    gc.enable()
    run()


if __name__ == "__main__":
    main()
