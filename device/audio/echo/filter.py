"""The echo as a linear filter of what the loudspeaker plays, learnt from the microphone block by block.

A partitioned-block frequency-domain Kalman filter: the echo path is the state, what else the microphone hears is the
observation's noise, and the filter knows for each frequency and each 10 ms of the path how unsure it still is. So
its step is large while it is unsure and small while somebody talks over the loudspeaker, with no double-talk detector.
G. Enzner, P. Vary: Frequency-domain adaptive Kalman filter for acoustic echo control (Signal Processing 86, 2006);
F. Kuech, E. Mabande, G. Enzner: State-space architecture of the partitioned-block-based acoustic echo controller
(ICASSP 2014).

A Kalman filter that is sure takes a changed room for somebody who talks. So a second filter with the same input, which
forgets fast, runs beside it (a shadow filter: K. Ochiai et al.: Echo canceler with two echo path models, IEEE Trans.
Communications 25, 1977) whenever more is left over than usual. If it cancels clearly more, the first one goes on from
there.

Small loudspeakers distort. What is played passes a soft limiter first, x / sqrt(1 + bend · x²), whose one parameter is
learnt too (a Hammerstein model), by Gauss-Newton steps weighted with what the filter is sure of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Numbers without a source of their own are choices, and what each trades is said; what a change of one costs in ERLE,
# in speech during double talk and in time, `parley bench echo` shows.

BLOCK = 160
"""Samples that are worked on at a time: 10 ms."""
BINS = BLOCK + 1
"""Of the spectrum of two blocks."""

_MAIN, _SHADOW = 0, 1
_FORGETTING = np.array([1 - 0.99998**2, 1 - 0.99**2], np.float32)[:, None, None]
"""Part of the path's power that may be another one 10 ms later, for either filter: 1 - A², A being the transition
factor of the state's Markov model (Enzner and Vary). The slower the main filter forgets, the less of a visitor's speech
it takes for a changed room; the shadow, which forgets fast, finds those."""
_NOISE_SMOOTHING = np.float32(0.2)
"""Weight of the present block in the power of what is no echo: 50 ms, as fast as speech sets in. Slower, a visitor's
first syllable disturbs the path; faster, the power of single blocks is mostly chance."""
_NOISE_FLOOR = np.float32(0.5e-6 * BINS)
"""No microphone is more silent than that: about -60 dBFS. Lower, the steps become very large in digital silence;
higher, a soft echo is learnt later."""
_PRIOR_POWER = 0.1
_PRIOR_DECAY_BLOCKS = 8.0
"""At first, the path's power is expected to be this, and to fall to 1/e in so many blocks. A stronger path is learnt
later, of a weaker one is more invented at first."""
_TIDY_EVERY = 3
"""Blocks between two rounds of forgetting and constraining: oftener costs more, more seldom lets the circular part of
the convolution grow."""
_CONSTRAINED = 5
"""Partitions whose impulse response is brought back to one block's length every third time, in turn."""
_POWER_SMOOTHING = 0.05
"""Weight of the present block in the power of either filter's error: 200 ms."""
_CLEARLY_BETTER = 0.5
"""Part of the main filter's error power, over 200 ms, at which the shadow takes over (and 0.7, the other way round)."""
_HOPELESS = 0.7
_MUCH, _UNUSUAL = 0.02, 3.0
"""Part of the echo's power that is left over, and how many times the usual part, at which the path may be another."""
_LITTLE_KNOWN = 0.03
"""Part that is left over usually from which the path counts as not yet known, and the shadow works all the time: 15
dB."""
_SHADOW_DOUBT = 0.05
"""Part of the path's power by which the shadow begins less sure than the main filter: more lets it leap farther, and be
wrong for longer."""
_WATCH_BLOCKS = 100
"""How long the shadow works after the last unusual block, 1 s: it costs about as much as the main filter."""
_CALM_EVERY = 2
"""How often the path is learnt while nothing is unusual: as it is well known, every other block will do."""
_RESIDUAL_SMOOTHING, _USUAL_SMOOTHING = 0.25, 0.01
"""Weights of the present block in the part that is left over: 40 ms, and a second."""
_LOUD, _LOUDEST_FADING = 0.03, 0.99
"""Part of the loudest echo of the last second from which a block tells what is left over, and not the noise."""
_BEND_MOST = 400.0
"""A loudspeaker that cannot exceed 0.05 of full scale."""
_LESSONS_EVERY, _FIRST_LESSON, _LESSON = 1000, 1000, 150
"""The bend is learnt in the first 10 s of playback, and then for more than a second of every 10."""
_BEND_EVERY = 2
"""Blocks from lesson to lesson: those in which the path is learnt, too."""
_BEND_MEMORY = 0.95
"""What is kept of the curvature from step to step: of the last 400 ms. More steps slower and is steadier."""
_BEND_PRIOR = 1e-2
"""Curvature that is added to the one measured: while little is played, the bend keeps still."""
_GAIN_SMOOTHING = 0.01
"""Weight of the present block in what a gain explains of the derivative: 2 s of lessons."""
_LEAST_ECHO, _ECHO_RISES = 0.03, 4.0
"""Part of the power of a path's loudest block, -15 dB, and of the block before it, 6 dB, in which an echo begins. A
room's falls by 1 to 3 dB a block; another echo, of a sound server or a television, rises by 20 dB and more."""
_TINY = np.float32(1e-12)
"""Against division by zero: 30 dB below the square of one step of 16 bits."""


class EchoFilter:
    """Learns the path from what is played to the microphone, `blocks` of 10 ms long.

    After `step`, `error` is the microphone's block without the echo, `estimate` the echo taken out of it, both
    `(160,) float32`, and `doubt` the power that the error may hold of the echo because the path is not quite known:
    `(161,) float32`, of the spectrum of two blocks under a window of mean power 1/2.
    """

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self.bend = 0.0
        """Of the loudspeaker's limiter: 1 / (the amplitude that it cannot exceed)²; 0: linear."""
        self.residual = self.usual_residual = 1.0
        """Part of the echo's power that is left over: of the last 40 ms, and of the last second."""
        self.changes = 0
        """How often the path was found to be another one."""
        self.error = np.zeros(BLOCK, np.float32)
        self.estimate = np.zeros(BLOCK, np.float32)
        self.doubt = np.zeros(BINS, np.float32)
        self._paths = np.zeros((2, blocks, BINS), np.complex64)
        self._quieter = np.float32(1)
        self._prior = prior = _prior(blocks)
        self._unsure = np.broadcast_to(prior[None, :, None], (2, blocks, BINS)).copy()
        self._noise = np.zeros((2, BINS), np.float32)
        self._make_room()
        self._input = np.zeros((2, 2 * BLOCK), np.float32)
        self._output = np.zeros((3, 2 * BLOCK), np.float32)
        self._powers = [0.0, 0.0]
        self._watching = _WATCH_BLOCKS
        self._loudest = 0.0
        self._turn = self._next = 0
        self._curvature = 0.0
        self._bent_blocks = 0
        self._lesson = _FIRST_LESSON
        self._cross = self._own = 1e-9
        self._kept, self._kept_unsure = self._paths[_MAIN].copy(), self._unsure[_MAIN].copy()
        self._sums = np.zeros((3, BINS), np.complex64)

    def _make_room(self) -> None:
        """Make what is as long as the path."""
        # Spectra of what was played, newest first, written twice so that any window of them is contiguous.
        self._played = np.zeros((2 * self.blocks, BINS), np.complex64)
        self._mirrored = np.zeros_like(self._played)  # their complex conjugates
        self._power = np.zeros((2 * self.blocks, BINS), np.float32)
        self._bent = np.zeros((2 * self.blocks, BINS), np.complex64)
        self._newest = 0
        self._products = np.zeros((2, self.blocks, BINS), np.complex64)
        self._weights = np.zeros((2, self.blocks, BINS), np.float32)

    def step(self, mic: NDArray[np.float32], played: NDArray[np.float32]) -> None:
        """Take the next block of what the microphone heard and of what was played, `(160,) float32`, full scale 1."""
        self._turn += 1
        if self._turn == _FIRST_LESSON:
            self._lesson = _LESSON
        first = self._push(played)
        window = slice(first, first + self.blocks)
        spectra, power = self._played[window], self._power[window]
        count = 2 if self._watching else 1
        paths, unsure = self._paths[:count], self._unsure[:count]
        products, weights = self._products[:count], self._weights[:count]

        np.multiply(spectra, paths, out=products)
        sums = self._sums
        np.add.reduce(products, axis=1, out=sums[:count])
        bending = self._bent_blocks > self.blocks and self._turn % _BEND_EVERY == 0
        rows = count + bending
        if bending:
            np.multiply(self._bent[window], paths[_MAIN], out=products[0])
            np.add.reduce(products[0], axis=0, out=sums[count])
        outputs = np.fft.irfft(sums[:rows])[:, BLOCK:]
        errors = self._output[:count, BLOCK:]
        np.subtract(mic, outputs[:count], out=errors)
        gain = self._slope(outputs[0], outputs[count], self._output[count, BLOCK:]) if bending else 0.0
        self.estimate, self.error = outputs[0].astype(np.float32), errors[_MAIN].copy()

        np.multiply(power, unsure, out=weights)
        doubt = np.add.reduce(weights, axis=1)
        doubt *= 0.5
        self.doubt = doubt[_MAIN]
        if mic[0] == 0 and not mic.any():  # unplugged or muted: nothing is heard of the path
            return
        if self._watching or self._turn % _CALM_EVERY == 0:
            spectrum = np.fft.rfft(self._output[:rows]).astype(np.complex64)
            total = self._expect(spectrum[:count], doubt)
            if bending:
                self._learn_bend(gain, spectrum[_MAIN], spectrum[count], total[_MAIN])
            # The gain is unsure · conj(played) / total, and what it leaves unsure 1 - half of gain · played.
            scaled = spectrum[:count] / total
            np.multiply(self._mirrored[window], scaled[:, None], out=products)
            np.multiply(products, unsure, out=products)
            paths += products
            np.multiply(weights, (0.5 / total)[:, None], out=weights)
            np.multiply(weights, unsure, out=weights)
            unsure -= weights
        if self._turn % _TIDY_EVERY == 0:
            self._tidy(count)
        self._watch(errors)

    def _expect(self, errors: NDArray[np.complex64], doubt: NDArray[np.float32]) -> NDArray[np.float32]:
        """Learn how loud what is no echo is; return twice the power that is to be expected of the errors."""
        noise = self._noise[: len(errors)]
        heard = np.square(errors.real)
        heard += np.square(errors.imag)
        heard -= doubt
        np.maximum(heard, 0, out=heard)
        heard -= noise
        heard *= _NOISE_SMOOTHING
        noise += heard
        # Twice, because only half of the spectrum's energy is in the error's block.
        total = doubt + noise
        total += _NOISE_FLOOR * self._quieter
        total *= 2
        return total

    def _watch(self, errors: NDArray[np.float32]) -> None:
        """Let the shadow filter work while more is left over than usual, and for a second after that."""
        left, echo = float(self.error @ self.error), float(self.estimate @ self.estimate)
        self._loudest = max(echo, _LOUDEST_FADING * self._loudest)
        if echo > _LOUD * self._loudest:
            part = min(left / (echo + float(_TINY)), 2.0)
            self.residual += _RESIDUAL_SMOOTHING * (part - self.residual)
            self.usual_residual += _USUAL_SMOOTHING * (part - self.usual_residual)
        if self._watching:
            self._compare(left, float(errors[_SHADOW] @ errors[_SHADOW]))
            self._watching -= 1
        if self.residual > max(_MUCH, _UNUSUAL * self.usual_residual) or self.usual_residual > _LITTLE_KNOWN:
            if not self._watching:
                self._teach(_MAIN, _SHADOW)
                path = self._paths[_MAIN]
                self._unsure[_SHADOW] = self._unsure[_MAIN] + _SHADOW_DOUBT * (
                    np.square(path.real) + np.square(path.imag)
                )
            self._watching = _WATCH_BLOCKS

    def path(self) -> NDArray[np.complex64]:
        """Return the path's spectrum as the filter that follows fastest has it, block by block: `(blocks, 161)`."""
        path: NDArray[np.complex64] = self._paths[_SHADOW if self._watching else _MAIN].copy()
        return path

    def sureness(self) -> NDArray[np.float32]:
        """Return how well the path is known at each frequency, 0 to 1: `(161,)`."""
        path = self._paths[_MAIN]
        power = (np.square(path.real) + np.square(path.imag)).sum(axis=0)
        sure: NDArray[np.float32] = power / (power + self._unsure[_MAIN].sum(axis=0) + _TINY)
        return sure

    def last_echo(self) -> int:
        """Return the last block of the path in which an echo begins; 0 if there is one echo, and its reverberation."""
        path = self._paths[_MAIN]
        power = (np.square(path.real) + np.square(path.imag)).sum(axis=1)
        loud = power[1:] > _LEAST_ECHO * power.max()
        begins = np.flatnonzero(loud & (power[1:] > _ECHO_RISES * power[:-1]))
        return int(begins[-1]) + 1 if len(begins) else 0

    def move(self, blocks: int) -> None:
        """Begin the path `blocks` later (or earlier) than it began."""
        gone = slice(-blocks, None) if blocks > 0 else slice(0, -blocks)
        for state in (*self._paths, *self._unsure, self._kept, self._kept_unsure):
            state[:] = np.roll(state, -blocks, axis=0)
        self._paths[:, gone] = self._kept[gone] = 0
        self._unsure[:, gone] = self._kept_unsure[gone] = self._prior[gone, None]

    def lengthen(self, blocks: int) -> None:
        """Make the path so many blocks longer; another echo may begin there. What was played is to be heard again."""
        self._paths, self._kept = (
            np.concatenate((path, np.zeros((*path.shape[:-2], blocks, BINS), np.complex64)), axis=-2)
            for path in (self._paths, self._kept)
        )
        more = _prior(blocks) * self._quieter
        longer = np.broadcast_to(more[:, None], (2, blocks, BINS))
        self._unsure = np.concatenate((self._unsure, longer), axis=1)
        self._kept_unsure = np.concatenate((self._kept_unsure, longer[_MAIN]))
        self._prior = np.concatenate((self._prior, more))
        self.blocks += blocks
        self._bent_blocks = 0
        self._make_room()

    def expect(self, gain_db: float) -> None:
        """Expect an echo that is as much softer as the microphone needs to be amplified for speech, and so is noise.

        Else a voice that arrives quietly passes for the echo that is expected at first, and a soft echo for noise.
        """
        quieter = np.float32(10 ** (-max(0.0, gain_db) / 10))
        change, self._quieter = quieter / self._quieter, quieter
        self._prior *= change
        if not self._turn:
            self._unsure *= change

    def unlearn(self) -> None:
        """Be as unsure of the path as at first, whatever it is."""
        np.maximum(self._unsure, self._prior[:, None], out=self._unsure)
        self._watching = _WATCH_BLOCKS

    def keep(self) -> None:
        """Keep the path as it is now, to be tried and restored."""
        self._kept[:], self._kept_unsure[:] = self._paths[_MAIN], self._unsure[_MAIN]

    def restore(self) -> None:
        """Go back to the path that was kept last, as sure of it as then: else who speaks now would be learnt."""
        self._paths[_MAIN], self._unsure[_MAIN] = self._kept, self._kept_unsure
        self._teach(_MAIN, _SHADOW)

    def trial(self, played: list[NDArray[np.float32]], count: int, early: int = 0) -> NDArray[np.float32]:
        """Return the echo estimate of the last `count` blocks by the path that was kept last: `(count * 160,)`.

        Without its first `early` blocks; `played` are the blocks of that time, and as many before them as it has then.
        """
        return self._made_of(np.concatenate(played), self._kept[early:], count)

    def again(self, played: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """Return the same by the path as it is now."""
        return self._made_of(played, self._paths[_MAIN], count)

    def _made_of(self, played: NDArray[np.float32], path: NDArray[np.complex64], count: int) -> NDArray[np.float32]:
        sound = played / np.sqrt(1 + np.float32(self.bend) * np.square(played))
        frames = np.lib.stride_tricks.sliding_window_view(sound, 2 * BLOCK)[::BLOCK]
        spectra = np.fft.rfft(frames, axis=1).astype(np.complex64)[::-1]  # newest first
        sums = np.stack([(path * spectra[ago : ago + len(path)]).sum(axis=0) for ago in range(count - 1, -1, -1)])
        estimate: NDArray[np.float32] = np.fft.irfft(sums, axis=1)[:, BLOCK:].astype(np.float32).ravel()
        return estimate

    def hear_again(self, played: list[NDArray[np.float32]]) -> None:
        """Put other blocks in the place of those that were played, the last `blocks` and the one before."""
        for block in played:
            self._push(block)

    def _push(self, played: NDArray[np.float32]) -> int:
        """Take a block of what was played; return where the filter's window of spectra begins."""
        squared = np.square(played)
        grown = squared * np.float32(self.bend)
        grown += 1
        limited = played / np.sqrt(grown)
        frames = self._input
        frames[:, :BLOCK] = frames[:, BLOCK:]
        frames[0, BLOCK:] = limited
        self._bent_blocks = self._bent_blocks + 1 if self._turn % _LESSONS_EVERY < self._lesson else 0
        if self._bent_blocks:
            squared *= limited
            squared /= grown
            np.multiply(squared, -0.5, out=frames[1, BLOCK:])  # the limiter's derivative by its bend
        spectra = np.fft.rfft(frames[: 2 if self._bent_blocks else 1])
        sound = spectra[0]
        self._newest = (self._newest - 1) % self.blocks
        both = slice(self._newest, None, self.blocks)
        self._played[both] = sound
        if self._bent_blocks:
            self._bent[both] = spectra[1]
        mirrored = np.conj(sound)
        self._mirrored[both], self._power[both] = mirrored, (sound * mirrored).real
        return self._newest

    def _slope(self, estimate: NDArray[np.float64], slope: NDArray[np.float64], out: NDArray[np.float32]) -> float:
        """Put the estimate's derivative by the bend, without what a gain would do, into `out`; return that gain."""
        self._cross += _GAIN_SMOOTHING * (float(estimate @ slope) - self._cross)
        self._own += _GAIN_SMOOTHING * (float(estimate @ estimate) + float(_TINY) - self._own)
        gain = self._cross / self._own
        out[:] = slope - gain * estimate
        return gain

    def _learn_bend(
        self, gain: float, error: NDArray[np.complex64], slope: NDArray[np.complex64], total: NDArray[np.float32]
    ) -> None:
        weighted = slope / total
        self._curvature = _BEND_MEMORY * self._curvature + float(np.vdot(weighted, slope).real)
        descent = float(np.vdot(weighted, error).real)
        bend = min(max(self.bend + descent / (self._curvature + _BEND_PRIOR), 0.0), _BEND_MOST)
        change, self.bend = gain * (bend - self.bend), bend
        if abs(change) > 1e-5:  # less is not worth the multiplication
            self._paths /= np.float32(1 + min(max(change, -0.5), 0.5))

    def _tidy(self, count: int) -> None:
        """Do in turn what each partition needs now and then: forget, and be no longer than its block."""
        rounds = -(-self.blocks // _CONSTRAINED)
        part = slice(self._next * _CONSTRAINED, (self._next + 1) * _CONSTRAINED)
        self._next = (self._next + 1) % rounds
        paths = self._paths[:count, part]
        responses = np.fft.irfft(paths)
        responses[..., BLOCK:] = 0
        paths[:] = np.fft.rfft(responses)
        power = np.square(paths.real)
        power += np.square(paths.imag)
        self._unsure[:count, part] += rounds * _TIDY_EVERY * _FORGETTING[:count] * power

    def _compare(self, main: float, shadow: float) -> None:
        """Let the filter that cancels clearly more teach the other one, by the energies of their errors."""
        powers = self._powers
        powers[_MAIN] = main = powers[_MAIN] + _POWER_SMOOTHING * (main - powers[_MAIN])
        powers[_SHADOW] = shadow = powers[_SHADOW] + _POWER_SMOOTHING * (shadow - powers[_SHADOW])
        if shadow < _CLEARLY_BETTER * main:
            self._teach(_SHADOW, _MAIN)
            self._unsure[_MAIN] = self._unsure[_SHADOW]
            self.changes += 1
        elif main < _HOPELESS * shadow:
            self._teach(_MAIN, _SHADOW)
            np.maximum(self._unsure[_SHADOW], self._unsure[_MAIN], out=self._unsure[_SHADOW])

    def _teach(self, teacher: int, pupil: int) -> None:
        self._paths[pupil] = self._paths[teacher]
        self._noise[pupil] = self._noise[teacher]
        self._powers[pupil] = self._powers[teacher]


def _prior(blocks: int) -> NDArray[np.float32]:
    """Return what is expected at first of the power of each block of a path."""
    power = _PRIOR_POWER * np.exp(-np.arange(blocks, dtype=np.float32) / _PRIOR_DECAY_BLOCKS)
    return np.asarray(power, np.float32)
