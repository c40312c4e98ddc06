"""Which of the servers that the settings name are reached by a proxy of the environment, and which are not.

A service has an environment of its own. The doctor looks with the eyes of the services that are installed.
"""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from yarl import URL

from device.doctor.finding import Finding
from device.doctor.units import environment
from device.settings.loading import able
from device.system.network import ProxyError, proxies, proxy_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping

    from device.settings.tree import Settings

_NONE: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})
_SET: Final = (
    "sudo systemctl edit {unit}, the lines [Service] and Environment=HTTPS_PROXY=http://proxy:3128 (yours), then: "
    "sudo systemctl restart {unit}"
)


def take_proxies(environ: MutableMapping[str, str], units: Mapping[str, Mapping[str, str]]) -> None:
    """Let `environ` have the proxies of the assistant's service, if it has none: sudo hands none over."""
    if not proxies(environ):
        theirs = environment(units.get("parley.service", {}))
        environ.update((name, value) for name, value in theirs.items() if proxies({name: value}))


def check_proxy(settings: Settings, units: Mapping[str, Mapping[str, str]] = _NONE) -> Iterator[Finding]:
    """Say how each server is reached, if an environment names a proxy; of services that are `units`, by theirs."""
    ways: dict[str, list[str]] = {}
    for unit, urls in _servers(settings).items():
        environ = environment(units[unit]) if unit in units else os.environ
        if urls and not _has_any(environ):
            if _has_any(os.environ):
                text = f"HTTP_PROXY or HTTPS_PROXY is set here, but not for {unit}"
                yield Finding("proxy", "warn", text, _SET.format(unit=unit.removesuffix(".service")))
            continue
        for url in map(URL, urls):
            try:
                proxy = proxy_for(url, environ)
            except ProxyError as error:
                yield Finding("proxy", "fail", str(error), "set it right, or take it out of the environment")
                return
            way = f"by {proxy.host}:{proxy.port}" if proxy is not None else "directly"
            ways.setdefault(way, []).append(url.host or "")
    if ways or _has_any(os.environ):
        text = "; ".join(f"{way}: {', '.join(dict.fromkeys(hosts))}" for way, hosts in ways.items())
        yield Finding("proxy", "ok", f"HTTP_PROXY, HTTPS_PROXY and NO_PROXY count. {text or 'No server is asked'}")


def _has_any(environ: Mapping[str, str]) -> bool:
    return bool({"http", "https"} & proxies(environ).keys())


def _servers(settings: Settings) -> dict[str, list[str]]:
    """Return the addresses of what answers, by the unit that asks: engines, and the stages of the local one."""
    engines = able(settings)[0].engines
    local = settings.local
    urls = [settings.engine[name].url for name in engines if name in settings.engine]
    stages: list[str] = []
    if "local" in engines and local.url:
        urls.append(local.url)
    elif "local" in engines:
        stages.append(settings.brain.address)
        stages += [settings.transcription.url] if local.stt == "endpoint" else []
        stages += [settings.cartesia.url] if "cartesia" in {local.stt, local.tts} else []
    return {"parley.service": list(filter(None, urls)), "parley-engine.service": list(filter(None, stages))}
