"""Checks a directory repository with python-tuf, a TUF client that is not ours.

Usage: check_directory.py ROOT_FILE METADATA_URL TARGETS_URL TARGET_NAME

Starts at the trusted root file, follows the TUF client workflow and downloads the target. Prints the SHA-256 of
the target and exits with 0; exits with 1 and the reason when anything is not accepted. Needs the package `tuf`.
"""

import hashlib
import pathlib
import sys
import tempfile

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater


def check(root_file, metadata_url, targets_url, target_name):
    """The bytes of the target, verified from the root file on."""
    with tempfile.TemporaryDirectory() as folder:
        updater = Updater(
            metadata_dir=folder,
            metadata_base_url=metadata_url,
            target_dir=folder,
            target_base_url=targets_url,
            bootstrap=pathlib.Path(root_file).read_bytes(),
        )
        updater.refresh()
        target = updater.get_targetinfo(target_name)
        if target is None:
            raise RepositoryError(f"the repository has no target {target_name}")
        return pathlib.Path(updater.download_target(target)).read_bytes()


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    try:
        content = check(*sys.argv[1:])
    except (DownloadError, RepositoryError) as error:
        sys.exit(f"not accepted: {type(error).__name__}: {error}")
    print(hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
