"""The pages people open. One file per group of pages, a blueprint each; they speak to the engine by `run` and `ask` alone."""

from web.pages.site import register

__all__ = ["register"]
