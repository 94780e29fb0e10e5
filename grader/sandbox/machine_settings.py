"""What pip needs of this machine while an image is built: its certificates and package index.

They are written into the build context, read by a build stage that the image doesn't keep, and
are never part of the repository.
"""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

BUNDLE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
CARRIED = ("index-url", "extra-index-url", "trusted-host", "timeout", "retries")


def write_machine_settings(folder: Path) -> None:
    """Write `pip.conf`, and the certificate bundle `ca.crt` where there is one, into `folder`."""
    folder.mkdir(parents=True)
    settings = pip_settings(_pip_config_list())
    bundle = certificate_bundle()
    if bundle is not None:
        shutil.copyfile(bundle, folder / "ca.crt")
        settings["cert"] = "/machine/ca.crt"
    written = configparser.RawConfigParser()
    written["global"] = settings
    with (folder / "pip.conf").open("w", encoding="utf-8") as file:
        written.write(file)


def pip_settings(listing: str) -> dict[str, str]:
    """What a build takes over from the output of `pip config list`.

    Folders of this machine are left out: the build couldn't see them. Variables count more than
    files, as for pip itself.
    """
    found: dict[str, str] = {}
    for scope in ("global.", "install.", ":env:."):
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            key = name.removeprefix(scope)
            if name.startswith(scope) and key in CARRIED:
                found[key] = " ".join(
                    word for word in value.strip("'\"").split() if not _is_local(word)
                )
    return {key: value for key, value in found.items() if value}


def certificate_bundle() -> Path | None:
    """The bundle that this machine's programs are told to use, else the system's, else None."""
    named = [Path(os.environ[name]) for name in BUNDLE_VARIABLES if os.environ.get(name)]
    return next((path for path in [*named, SYSTEM_BUNDLE] if path.is_file()), None)


def _is_local(word: str) -> bool:
    return word.startswith(("/", "file:"))


def _pip_config_list() -> str:
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
