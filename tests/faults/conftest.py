"""Fault tests run in the engine tests' small office."""

from tests.integration.engine.conftest import office

__all__ = ["office"]
