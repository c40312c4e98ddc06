import os
from fractions import Fraction

import pytest

from device.bench.isolated import isolated


def test_work_apart_is_done_in_another_process():
    assert isolated(os.getpid) != os.getpid()


def test_what_it_is_given_and_returns_is_handed_over():
    assert isolated(Fraction, 3, denominator=4) == Fraction(3, 4)


def test_what_it_raises_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        isolated(Fraction, 1, 0)
