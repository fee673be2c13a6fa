"""`python -m web.cli` is the same as `zhiping`."""

from web.cli import main

main()
