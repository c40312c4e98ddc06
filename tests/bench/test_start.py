"""What the imports of a start take."""

import pytest

from device.bench.start import PACKAGES, imports

LOG = """import time: self [us] | cumulative | imported package
import time:       200 |        200 |   numpy.core
import time:       300 |        500 | numpy
import time:        50 |         50 | json
import time:         7 |          7 | numpyfoo
WARNING something else
"""


def test_imports_are_summed_by_package():
    found = {figure.name: figure.value for figure in imports(LOG)}
    assert found["importing numpy, instrumented"] == pytest.approx(500e-6)
    assert found["importing all else, instrumented"] == pytest.approx(57e-6)
    assert found["importing aiohttp, instrumented"] == 0


def test_every_package_is_told_though_nothing_was_imported():
    assert [figure.name for figure in imports("")] == [
        f"importing {package}, instrumented" for package in (*PACKAGES, "all else")
    ]
