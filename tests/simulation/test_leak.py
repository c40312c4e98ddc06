import numpy as np
import pytest

from device.audio.measure import dbfs
from device.simulation.leak import Leak
from device.simulation.scene import Acoustics, Scene

RATE, BLOCK = 16_000, 160


@pytest.mark.parametrize("db", [0.0, -12.0])
def test_another_hears_it_later_and_as_loud_as_it_shall_be(db):
    scene = Scene(seconds=1.0, room=Acoustics(rate=RATE, clip=np.inf, rt60=0.2))
    leak = Leak(scene, RATE, BLOCK, delay_ms=20.0, db=db)
    played = np.random.default_rng(0).laplace(size=RATE) * 10 ** (-24 / 20) / np.sqrt(2)
    heard = []
    for start in range(0, RATE, BLOCK):
        heard.append(leak.read())
        leak.write(played[start : start + BLOCK].astype(np.float32))
    whole = np.concatenate(heard)
    assert not whole[: RATE * 20 // 1000].any()
    assert whole[RATE * 20 // 1000 :][:BLOCK].any()
    assert dbfs(whole[RATE // 2 :] * 32768) == pytest.approx(scene.speech_db + db, abs=1.5)
