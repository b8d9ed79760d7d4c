"""Runs the service until standard input ends."""

from pathlib import Path

from hwb.demo.party import program

if __name__ == "__main__":
    program.run(pages="hwb.demo.just2easy.pages", folder=Path(__file__).parent, cookie="just2easy")
