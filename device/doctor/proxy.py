"""Which of the servers that the settings name are reached by a proxy of the environment, and which are not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import getproxies

from yarl import URL

from device.doctor.finding import Finding
from device.settings.loading import able
from device.system.network import ProxyError, proxy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.settings.tree import Settings


def check_proxy(settings: Settings) -> Iterator[Finding]:
    """Say how each server is reached, if the environment names a proxy; a service has an environment of its own."""
    if not {"http", "https"} & getproxies().keys():
        return
    ways: dict[str, list[str]] = {}
    for url in map(URL, _servers(settings)):
        try:
            proxy = proxy_for(url)
        except ProxyError as error:
            yield Finding("proxy", "fail", str(error), "set it right, or take it out of the environment")
            return
        way = f"by {proxy.host}:{proxy.port}" if proxy is not None else "directly"
        ways.setdefault(way, []).append(url.host or "")
    text = "; ".join(f"{way}: {', '.join(dict.fromkeys(hosts))}" for way, hosts in ways.items())
    yield Finding("proxy", "ok", f"HTTP_PROXY, HTTPS_PROXY and NO_PROXY count. {text or 'No server is asked'}")


def _servers(settings: Settings) -> list[str]:
    """Return the addresses of what answers: engines, and the stages of the local one."""
    engines = able(settings)[0].engines
    local = settings.local
    urls = [settings.engine[name].url for name in engines if name in settings.engine]
    if "local" in engines and local.url:
        urls.append(local.url)
    elif "local" in engines:
        urls.append(settings.brain.url)
        urls += [settings.transcription.url] if local.stt == "endpoint" else []
        urls += [settings.cartesia.url] if "cartesia" in {local.stt, local.tts} else []
    return [url for url in urls if url]
