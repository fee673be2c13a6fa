"""`zhiping …`: everything an operator does, in one command each. Chinese first, English beside it where it is short."""

from __future__ import annotations

import sys

import click

from engine.errors import DeploymentRefused, Invalid, ZhipingError
from web import logs
from web.cli import checking, deploying, people, running, storing
from web.cli.common import lint_line


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def commands() -> None:
    """职评：职称制度改革流程系统 · runs a reform of professional titles"""


for command in (
    running.serve,
    running.web,
    running.worker,
    deploying.deploy,
    deploying.demo,
    checking.check,
    checking.audit,
    people.user,
    storing.backup,
    storing.restore,
    storing.database,
):
    commands.add_command(command)


def main() -> None:
    """Entry of the console script. What we refuse on purpose is told in a sentence, not in a traceback; exit status 1."""
    logs.set_up("warning")  # what goes wrong unforeseen is told without anybody's data in it
    try:
        commands(standalone_mode=True, prog_name="zhiping")
    except DeploymentRefused as error:
        for found in error.problems:
            click.echo(lint_line(found.file, found.line, found.element, found.code, str(found.text)), err=True)
        click.echo(f"{error.text}", err=True)
        sys.exit(1)
    except Invalid as error:
        for path, sentences in error.errors.items():
            for sentence in sentences:
                click.echo(f"{path}: {sentence}", err=True)
        sys.exit(1)
    except ZhipingError as error:
        click.echo(f"{error.text} ({error.code})", err=True)
        sys.exit(1)
