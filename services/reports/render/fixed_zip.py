"""A zip archive without its clock and without its packer: the same members are the same bytes on every machine.

Members are stored, not compressed: what zlib makes of the same bytes depends on its build.
"""

import io
from zipfile import ZIP_STORED, ZipFile, ZipInfo

EARLIEST = (1980, 1, 1, 0, 0, 0)


def with_fixed_dates(archive: bytes) -> bytes:
    """Return the archive packed anew: the same members in the same order, all of one date, nothing about the machine."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(archive)) as old, ZipFile(file, "w") as new:
        for each in old.infolist():
            member = ZipInfo(each.filename, EARLIEST)
            member.compress_type, member.create_system = ZIP_STORED, 0
            new.writestr(member, old.read(each))
    return file.getvalue()
