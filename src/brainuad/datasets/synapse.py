"""Synapse: files that ask for an account and accepted terms, found and opened by its official client.

The client says where a file's bytes lie, by a link that is signed for some minutes; they are fetched like any other
archive. Token and links are secrets: no message of this module, and none of the client's, tells them.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainuad.datasets.sources import by_hand
from brainuad.errors import InputError

if TYPE_CHECKING:
    from synapseclient import Synapse
    from synapseclient.models import File

ACCOUNT = "Accept the terms at {terms} and put a token that may view and download into {token}"


@dataclass(frozen=True)
class SynapseFile:
    """A file of Synapse that the account may fetch."""

    client: "Synapse"
    file: "File"
    row: dict[str, str]

    @property
    def size(self) -> int | None:
        """Bytes, as Synapse tells them."""
        return self.file.file_handle.content_size

    @property
    def checksum(self) -> str:
        """`md5:<hex>` as Synapse tells it, or nothing."""
        return f"md5:{self.file.file_handle.content_md5}" if self.file.file_handle.content_md5 else ""

    def link(self) -> str:
        """A freshly signed link to the bytes.

        Raises InputError where the account may not have them, ConnectionError where Synapse can't be reached.
        """
        from synapseclient.api import get_file_handle_for_download

        try:
            handle = self.file.data_file_handle_id
            return get_file_handle_for_download(handle, self.file.id, synapse_client=self.client)["preSignedURL"]
        except Exception as error:
            if unreachable(error):
                raise ConnectionError from None
            raise refusal(self.row, error) from None


def find(row: dict[str, str]) -> SynapseFile:
    """The file that a row of the table of sources means: at its address, or below it under the archive's name.

    Upper and lower case of names don't count, since Synapse has changed it. Raises InputError where the client or
    the token is missing, the account is refused, or no such file is to be seen.
    """
    token = os.environ.get(row["token"])
    if not token:
        problem = f"{row['archive']} needs an account, and the environment variable {row['token']} holds no token"
        raise InputError(row["dataset"], problem, f"{ACCOUNT.format(**row)}; or {by_hand(row)}")
    try:
        found = search(row, token)
    except ImportError as error:
        problem = f"{row['archive']} comes from Synapse, whose client isn't installed"
        raise InputError(row["dataset"], problem, f"pip install 'brainuad[synapse]'; or {by_hand(row)}") from error
    except Exception as error:
        raise refusal(row, error) from None
    if found is None:
        problem = f"{row['address']} shows no {row['archive']} to the account of {row['token']}"
        raise InputError(row["dataset"], problem, f"{ACCOUNT.format(**row)}; or {by_hand(row)}")
    return found


def search(row: dict[str, str], token: str) -> SynapseFile | None:
    """The same; None where no such file is to be seen. Raises what the client raises."""
    import synapseclient
    from synapseclient.models import File
    from synapseclient.operations import FileOptions, get

    client = synapseclient.Synapse(skip_checks=True, silent=True, cache_client=False)
    client.login(authToken=token, silent=True)
    about = FileOptions(download_file=False)
    entity = get(row["address"].removeprefix("synapse:"), file_options=about, synapse_client=client)
    if isinstance(entity, File):
        return SynapseFile(client, entity, row)
    # Folders must be asked for, else the client doesn't look into them, though its manual says so.
    for _, _, headers in entity.walk(include_types=["folder", "file"], synapse_client=client):
        for header in headers:
            if header.name.lower() == row["archive"].lower():
                return SynapseFile(client, get(header.id, file_options=about, synapse_client=client), row)
    return None


def unreachable(error: Exception) -> bool:
    """Whether an error is one of the network, by name, since the client has libraries of its own for it."""
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    return any(word in names for word in ("Connection", "Timeout", "Transport"))


def refusal(row: dict[str, str], error: Exception) -> InputError:
    """The error for whatever Synapse's client raised; only its kind is told, since its text may hold secrets."""
    if unreachable(error):
        problem = f"Synapse can't be reached for {row['archive']} ({type(error).__name__})"
        return InputError(row["dataset"], problem, f"Run again with a network, or {by_hand(row)}")
    problem = f"Synapse doesn't give out {row['archive']} ({type(error).__name__})"
    return InputError(row["dataset"], problem, f"{ACCOUNT.format(**row)}; or {by_hand(row)}")
