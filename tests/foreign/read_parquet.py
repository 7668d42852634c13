"""Reads a Parquet file with a library that is not ours and prints what it finds as JSON: types, metadata, rows."""

import datetime
import json
import sys

import pyarrow.parquet


def plain(value):
    """A value in words that tell its type; dates before 1970 and after 9999 included."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, datetime.datetime):
        return "moment " + value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, datetime.date):
        return "date " + value.isoformat()
    if isinstance(value, datetime.time):
        return "time " + value.isoformat()
    return value


file = pyarrow.parquet.ParquetFile(sys.argv[1])
metadata = {key.decode(): value.decode() for key, value in file.metadata.metadata.items() if key != b"ARROW:schema"}
table = file.read()
found = {
    "types": {field.name: str(field.type) for field in table.schema},
    "groups": file.metadata.num_row_groups,
    "compression": file.metadata.row_group(0).column(0).compression if file.metadata.num_row_groups else None,
    "metadata": metadata,
    "rows": [plain(row) for row in table.to_pylist()],
}
json.dump(found, sys.stdout)
