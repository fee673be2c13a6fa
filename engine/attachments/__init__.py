"""Files that people hand in: checked by content, kept under generated names, given back as downloads only.

upload(engine, …)           one file in; its id goes into a file field of a form
link(connection, …)         in the transaction that completes the task: the files now belong to the instance
AttachmentView              what is known of a file, for those who may read it
open_(engine, view)         its bytes
"""

from engine.attachments.keeping import (
    AttachmentItem,
    AttachmentView,
    described,
    link,
    open_,
    upload,
    usable,
)

__all__ = ["AttachmentItem", "AttachmentView", "described", "link", "open_", "upload", "usable"]
