"""`hwb demo`: the invented authority's July and September."""

from __future__ import annotations

from typing import Annotated

import typer
from django.conf import settings


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command()
    def demo(
        seed: Annotated[int, typer.Option("--seed", help="Another seed, other people")] = 1,
        port: Annotated[int | None, typer.Option("--port")] = None,
        serve: Annotated[bool, typer.Option("--serve", help="Go on serving when the story is told")] = False,
    ) -> None:
        """Tell a July and a September of eight invented schools."""
        from hwb.demo.story import DemoFailed, tell_story

        try:
            tell_story(seed=seed, port=port or settings.HWB_PORT, serve=serve)
        except DemoFailed as failed:
            typer.echo(str(failed), err=True)
            raise typer.Exit(1) from None
