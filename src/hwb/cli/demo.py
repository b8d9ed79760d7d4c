"""`hwb demo`: the invented authority's July and September."""

from __future__ import annotations

from typing import Annotated

import typer
from django.conf import settings

from hwb.cli.output import language, refuse
from hwb.extract.texts import N_, Language, Text, render


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command()
    def demo(
        seed: Annotated[int, typer.Option("--seed", help="Another seed, other people")] = 1,
        port: Annotated[int | None, typer.Option("--port")] = None,
        serve: Annotated[bool, typer.Option("--serve", help="Go on serving when the story is told")] = False,
        lang: Annotated[str | None, typer.Option("--lang", help="en or cy; else the computer's language")] = None,
    ) -> None:
        """Tell a July and a September of eight invented schools."""
        from hwb.demo.stage import DemoFailed
        from hwb.demo.story import tell_story
        from hwb.demo.telling import DOMAIN

        if lang not in (None, "en", "cy"):
            refuse(Text(N_("--lang takes en or cy.")), code=2)
        if settings.HWB_PRODUCTION:
            refuse(Text(N_("The demo makes up people and days: it is not for production.")), code=2)
        told: Language = language() if lang is None else "cy" if lang == "cy" else "en"
        try:
            tell_story(seed=seed, port=port or settings.HWB_PORT, language=told, serve=serve)
        except DemoFailed as failed:
            typer.echo(render(failed.text, language=told, domain=DOMAIN), err=True)
            raise typer.Exit(1) from None
