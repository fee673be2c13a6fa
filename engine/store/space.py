"""Room on the disk, and what is said where there is none: the same for the database, an attachment and a temporary file."""

from __future__ import annotations

import errno

from engine.errors import Full
from forms.i18n import T

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: OSError) -> bool:
    """Whether a file could not be written for want of room (on the disk, in a quota, under a limit of the process)."""
    return error.errno in NO_ROOM


def full() -> Full:
    return Full(T("服务器的磁盘满了，这次没有保存任何内容。已有的内容照常可以查看；请告诉系统管理员，腾出空间后再试。"))
