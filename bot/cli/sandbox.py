"""`sandbox`: placeholder while the rest is written."""

import argparse


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Nothing yet."""
    return 0
