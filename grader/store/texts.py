"""What strangers' text has to be like to be kept and shown."""


def storable(text: str) -> str:
    """Text that every database takes: no NUL and no lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def printable(file_name: str) -> str:
    """A stranger's file name as it may be kept and shown; it never names a file of ours."""
    return "".join(c if c.isprintable() else "\ufffd" for c in file_name)[:255]
