"""The tenant as a program at PORT, with its secret and domain from the environment; ends when its input does."""

from __future__ import annotations

import os
import sys

from hwb.demo.tenant import SECRET, page, serving
from hwb.demo.tenant.graph import FakeGraph


def main() -> None:
    tenant = FakeGraph(secret=os.environ.get("TENANT_SECRET", SECRET), domain=os.environ.get("TENANT_DOMAIN", ""))

    def answer(method: str, url: str, headers: dict[str, str], content: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "GET" and not url.startswith("/v1.0/"):
            return page.answer(tenant, url)
        return tenant.answer(method, url, headers, content)

    with serving.served(answer, port=int(os.environ["PORT"])):
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
