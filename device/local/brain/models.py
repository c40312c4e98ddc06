"""The models that a chat server lists, and which of them to talk to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 2000
"""How many of a list are looked at. A choice: nobody has as many on a machine at home."""
_LONGEST_NAME: Final = 200
"""Characters of a name; longer ones are passed over."""
_BILLIONS: Final = 8.0
"""Parameters beyond which a model is too slow to be talked to on most machines. A choice."""
_BYTES_A_PARAMETER: Final = 0.6
"""Of a file of four bits a weight, which servers load by default."""
_SHARE: Final = 0.5
"""Of the machine's memory that a model may fill: the rest is for its context, the server and the assistant."""

_NO_CHAT: Final = re.compile(
    r"embed|\bbge\b|minilm|\be5-|\bgte-|rerank|whisper|\btts\b|kokoro|parler|\bclip\b|stable-?diffusion|\bsdxl?\b|\bflux"
    r"|\bocr\b|guard|\bbert\b|classif|moderation|transcri|speech|diariz",
    re.IGNORECASE,
)
"""What is in the names of models that answer nothing."""
_FAMILIES: Final = frozenset({"bert", "nomic-bert", "xlm-roberta", "clip", "whisper"})
"""Ollama's names of the kinds of such models."""
_BASE: Final = re.compile(r"\b(base|pt|text|fim|completion)\b", re.IGNORECASE)
"""… of models that go on with a text instead of answering it."""
_SPECIAL: Final = re.compile(
    r"cod(e|er|ing|estral)|math|\bsql\b|medi(cal|phi)|\bvl\b|vision|llava|uncensored", re.IGNORECASE
)
"""… of models that were made for something else than talking."""
_THINKS: Final = re.compile(r"\br1\b|\bqwq\b|think|reason|deepseek-r", re.IGNORECASE)
"""… of models that think at length before the first word."""
_CHAT: Final = re.compile(r"instruct|\bchat\b|\bit\b|assistant", re.IGNORECASE)
_SIZE: Final = re.compile(r"(?<![\w.])(?:(\d+)x)?e?(\d+(?:\.\d+)?)\s*([bm])(?![a-z0-9])", re.IGNORECASE)
"""A number of parameters in a name: 7b, 8x7B, 1.5B, 270m, e4b."""


class Model(Struct, frozen=True):
    """A model that a server has."""

    name: str
    loaded: bool = False
    billions: float = 0.0
    """How many parameters it has; 0 if nothing says."""
    size: int = 0
    """Of its file, in bytes; 0 if nothing says."""
    chat: bool | None = None
    """Whether it answers; None: the server does not say."""

    @property
    def needs(self) -> float:
        """About how many bytes of memory it takes; 0 if nothing says."""
        return self.size or self.billions * 1e9 * _BYTES_A_PARAMETER


class _Details(Struct):
    family: str | None = None
    parameter_size: str | None = None


class _Meta(Struct):
    n_params: float | None = None
    size: float | None = None


class _Listed(Struct):
    """A model as OpenAI's, Ollama's, llama.cpp's and LM Studio's lists have it, as far as it matters here."""

    id: str | None = None
    name: str | None = None
    model: str | None = None
    type: str | None = None
    state: str | None = None
    owned_by: str | None = None
    size: Any = None
    details: _Details | None = None
    capabilities: Any = None
    meta: _Meta | None = None


def read_models(data: object) -> list[Model]:
    """Return the models of a list of OpenAI's form (`data`) or Ollama's (`models`), each once, in its order.

    What is no model, or has a name that is too long or not to be printed, is passed over. Raises ValueError if it is
    no list at all.
    """
    if not isinstance(data, dict):
        raise ValueError("is no object")  # noqa: TRY004 - of what was sent
    listed = data.get("data")
    listed = data.get("models") if listed is None else listed
    if not isinstance(listed, list):
        raise ValueError("has no list of models")  # noqa: TRY004 - of what was sent
    found: dict[str, Model] = {}
    for entry in listed[:MOST]:
        try:
            one = msgspec.convert(entry, _Listed)
        except msgspec.ValidationError:
            continue
        name = one.id or one.model or one.name or ""
        if name.strip() and len(name) <= _LONGEST_NAME and name.isprintable():
            found.setdefault(name, _model(name, one))
    return list(found.values())


def _model(name: str, one: _Listed) -> Model:
    details, meta = one.details or _Details(), one.meta or _Meta()
    kinds = one.capabilities if isinstance(one.capabilities, list) else None
    chat = None
    if kinds is not None and kinds:
        chat = bool({"completion", "chat"} & {kind for kind in kinds if isinstance(kind, str)})
    if one.type in {"embeddings", "embedding", "reranker"} or details.family in _FAMILIES:
        chat = False
    params = meta.n_params / 1e9 if meta.n_params else billions(details.parameter_size or "") or billions(name)
    size = meta.size or (one.size if isinstance(one.size, int | float) else 0)
    return Model(name, one.state == "loaded" or one.owned_by == "llamacpp", params, int(size or 0), chat)


def billions(text: str) -> float:
    """Return how many billions of parameters a name or a size speaks of; 0 if of none.

    >>> billions("qwen2.5:1.5b-instruct"), billions("Mixtral-8x7B"), billions("gemma-3-270m-it"), billions("mistral")
    (1.5, 56.0, 0.27, 0.0)
    """
    sizes = [
        float(times or 1) * float(number) / (1000 if unit.lower() == "m" else 1)
        for times, number, unit in _SIZE.findall(text)
    ]
    return max(sizes, default=0.0)


def choose(models: Iterable[Model], memory: int | None = None) -> Model | None:
    """Return the model to talk to; None if there is none that answers.

    One that is loaded answers at once. Else one that was made for talking; of those the largest that fits into
    `memory`, in bytes of the machine that it runs on, if that is known, and is fast enough.
    """
    able = [model for model in models if model.chat is not False and not _NO_CHAT.search(model.name)]
    fitting = [model for model in able if model.loaded or _fits(model, memory)]
    return max(fitting, key=_worth, default=None)


def _fits(model: Model, memory: int | None) -> bool:
    return memory is None or model.needs <= memory * _SHARE


def _worth(model: Model) -> tuple[bool, bool, bool, bool, bool, float]:
    name = re.sub(r"[_:/.]", "-", model.name)
    quick = model.billions <= _BILLIONS
    return (
        model.loaded,
        not _BASE.search(name),
        not _SPECIAL.search(name) and not _THINKS.search(name),
        quick,
        bool(_CHAT.search(name)) or model.chat is True,
        model.billions if quick else -model.billions,
    )
