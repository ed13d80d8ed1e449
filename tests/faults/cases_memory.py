# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is free goes back to the system while the filter runs."""

from cases_limits import alive_and_right
from faults_common import Names, Skip, asking, case, library, wait_until

WASTED_KB = 32000  # waste_preload.c
RETURNED_S = 60    # the filter looks each 30 s


def resident_kb(filter_):
    return int(filter_.status("VmRSS").split()[0])


@case
def free_memory_is_returned(binary):
    """What many evaluations or a resolver have left stays with the process no longer than half a minute, though no
    reload comes and something that is in use stands after it."""
    preload = library(binary, "faults_waste")
    if not preload:
        raise Skip("a sanitizer has an allocator of its own")
    with Names() as names:
        filter_ = asking(names, binary, {"RefuseFail": "off"})
        filter_.environment["LD_PRELOAD"] = preload
        with filter_:
            wait_until(lambda: resident_kb(filter_) > WASTED_KB, RETURNED_S, "memory to be wasted")
            wait_until(lambda: resident_kb(filter_) < WASTED_KB, RETURNED_S, "memory to be returned")
            alive_and_right(filter_)
