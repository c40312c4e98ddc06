"""Finds a chat server on this machine or the one that the settings name: nobody else is asked, and no key is sent."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from device.local.brain.models import Model, choose, read_models
from device.settings.types import Secret
from device.system import network
from device.system.harmless import plain
from device.system.listener import trusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from device.settings.local import BrainSettings

SERVERS: Final = {11434: "Ollama", 8080: "llama.cpp", 1234: "LM Studio", 8000: "vLLM", 1337: "Jan", 5001: "KoboldCpp"}
"""The ports at which chat servers listen by default, as their documentation has it."""
MORE: Final = {11434: ("/api/tags", "/api/ps"), 1234: ("/api/v0/models",)}
"""What Ollama and LM Studio say besides: which models are loaded, how large they are, and what each is for."""
HERE: Final = "127.0.0.1"
ANSWER_S: Final = 3.0
"""How long a server may take to list its models. A choice: lists come in milliseconds, over Wi-Fi in tenths of a
second; one that hangs is passed over."""
_LARGEST: Final = 4 << 20
"""Bytes of a list: ten thousand models take 3 MB."""


class Place(Struct, frozen=True):
    """Where a chat server may be."""

    host: str
    port: int

    @property
    def url(self) -> URL:
        """Its base address."""
        return URL.build(scheme="http", host=self.host, port=self.port, path="/v1")

    @property
    def called(self) -> str:
        """What it is called to the user."""
        return f"{SERVERS.get(self.port, 'a chat server')} at {self.host}:{self.port}"


class Found(Struct, frozen=True):
    """A chat server, and the model to talk to."""

    place: Place
    model: Model

    @property
    def url(self) -> str:
        """Its address, for `brain.url`."""
        return str(self.place.url)

    def named_in(self, settings: BrainSettings) -> BrainSettings:
        """Return the settings with it named; without the key, which is for nobody whom the user did not name."""
        return replace(settings, url=self.url, model=self.model.name, api_key=Secret())

    @property
    def called(self) -> str:
        """What it is called to the user."""
        return f"{self.model.name} of {self.place.called}"


class Search(Struct, frozen=True):
    """What was found, and what became of the other places."""

    found: Found | None
    passed_over: tuple[str, ...]
    """Why servers that are there were not taken."""


class _PassedOverError(Exception):
    """A server is there, but is not one to talk to; the message says why."""


async def search(settings: BrainSettings, places: Sequence[Place] | None = None) -> Search:
    """Return the server to talk to: of the machine that is named, then of this one. It takes some seconds at most."""
    asked = candidates(settings) if places is None else places
    answers = await asyncio.gather(*(_ask(place, settings.model) for place in asked), return_exceptions=True)
    found = [answer for answer in answers if isinstance(answer, Found)]
    passed_over = [str(answer) for answer in answers if isinstance(answer, _PassedOverError)]
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(
            answer, _PassedOverError | OSError | aiohttp.ClientError
        ):
            raise answer
    silent = [
        place.host for place, one in zip(asked, answers, strict=True) if isinstance(one, OSError | aiohttp.ClientError)
    ]
    if len(silent) == len(asked) or (settings.host and silent.count(settings.host) == len(SERVERS)):
        passed_over.append(f"no server answers at {' and '.join(dict.fromkeys(silent))}")
    # The order of places counts, but for a model that would have to be loaded first.
    best = min(found, key=lambda one: (one.place.host == HERE, not one.model.loaded), default=None)
    return Search(best, tuple(passed_over))


def candidates(settings: BrainSettings) -> list[Place]:
    """Return where a server may be, by the settings."""
    host, _, port = settings.host.partition(":")
    named = [Place(host, int(port))] if port else [Place(host, at) for at in SERVERS] if host else []
    return [*named, *(Place(HERE, at) for at in SERVERS)]


async def _ask(place: Place, wanted: str) -> Found:
    """Return the server at `place` with the model that is `wanted`, or the best. Raises why it is none."""
    here = place.host == HERE
    if here and not trusted(place.port):
        raise _PassedOverError(
            f"{place.called} is another user's, who would hear what you say; if that is right, name it in brain.url"
        )
    try:
        async with asyncio.timeout(ANSWER_S), network.session(place.url, timeout=aiohttp.ClientTimeout(None)) as http:
            models = await _models(http, place)
    except TimeoutError:
        raise _PassedOverError(f"{place.called} gave no list of models for {ANSWER_S:g} s") from None
    if wanted:
        models = [model for model in models if wanted in {model.name, model.name.removesuffix(":latest")}]
        best = models[0] if models else None
    else:
        best = choose(models, _memory() if here else None)
    if best is None:
        fix = f"no model {wanted!r}" if wanted else "no model that answers and fits into the memory"
        raise _PassedOverError(f"{place.called} has {fix}")
    return Found(place, best)


async def _models(http: aiohttp.ClientSession, place: Place) -> list[Model]:
    try:
        models = read_models(await _get(http, place.url / "models"))
    except ValueError as error:
        raise _PassedOverError(
            f"at {place.host}:{place.port} is no chat server: its answer {plain(str(error))}"
        ) from None
    for path in MORE.get(place.port, ()):
        try:
            told = read_models(await _get(http, place.url.with_path(path)))
        except (ValueError, aiohttp.ClientError):
            continue
        models = _with(models, told, loaded=path == "/api/ps")
    return models


def _with(models: Iterable[Model], told: Iterable[Model], *, loaded: bool) -> list[Model]:
    """Return the models with what is told of some of them."""
    known = {model.name: model for model in told}
    made = []
    for model in models:
        also = known.get(model.name)
        if also is None:
            made.append(model)
            continue
        made.append(
            Model(
                model.name,
                loaded or model.loaded or also.loaded,
                also.billions or model.billions,
                also.size or model.size,
                model.chat if also.chat is None else also.chat,
            )
        )
    return made


async def _get(http: aiohttp.ClientSession, url: URL) -> object:
    """Return the JSON at `url`. Raises ValueError for any other answer."""
    async with http.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise ValueError(f"has the status {response.status}")
        data = bytearray()
        async for piece in response.content.iter_any():
            data += piece
            if len(data) > _LARGEST:
                raise ValueError(f"has more than {_LARGEST >> 20} MB")
    try:
        return msgspec.json.decode(bytes(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("is no JSON") from None


def _memory() -> int:
    """Return the bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
