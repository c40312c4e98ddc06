"""Who may see the kiosk view: this machine's own browsers, those that came by the kiosk link, and the owner's."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from aiohttp import web

from device.page import link
from device.system.loopback import is_loopback

if TYPE_CHECKING:
    from pathlib import Path

    from device.page.owners import Owners

COOKIE: Final = "parley-kiosk"
KEPT_S: Final = 10 * 366 * 86_400
"""How long a browser keeps the cookie: a screen on a wall is set up once."""
PASSED_ON: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""What proxies say of whom they ask for: then the address is the proxy's."""


class Access:
    """Tells whose a request is. The kiosk link's token is in `folder`, and may change at any time."""

    def __init__(self, folder: Path, owners: Owners) -> None:
        self._folder, self._owners = folder, owners

    def sees_kiosk(self, request: web.Request) -> bool:
        """Tell whether the kiosk view is for whoever asks."""
        known = self._is_token(request.cookies.get(COOKIE, "")) or self._owners.admits(request)
        return known or is_here(request)

    def admit(self, offered: str) -> web.Response:
        """Return the answer to who comes by a kiosk link with this token. Raises web.HTTPForbidden if it is void."""
        if not self._is_token(offered):
            raise web.HTTPForbidden
        answer = web.Response(status=303, headers={"Location": "/"})
        # Lax: the link may be in a mail, and what it leads to must know the browser already.
        answer.set_cookie(COOKIE, offered, max_age=KEPT_S, httponly=True, samesite="Lax")
        return answer

    def _is_token(self, offered: str) -> bool:
        try:
            token = link.token(self._folder)
        except OSError:
            return False
        return bool(token) and hmac.compare_digest(token.encode(), offered.encode("utf-8", "surrogatepass"))


def is_here(request: web.Request) -> bool:
    """Tell whether a request comes from this very machine, and not by a proxy that asks for somebody else."""
    return is_loopback(request.remote or "") and not any(name in request.headers for name in PASSED_ON)
