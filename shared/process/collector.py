"""How often a process that runs for long looks for garbage."""

import gc


def collect_seldom() -> None:
    """Let the garbage collector pass over what is loaded for good, and come after more work than it does by itself.

    A request makes hundreds of objects and hardly a cycle: at the collector's own pace an eighth of all work was its.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)
