"""The tokens of an installation on one machine: one per role, drawn once, kept as hashes for the services."""

import json
import secrets

from cli.embedded.folder import DataFolder
from shared.domain.access import Role
from shared.web.principal import ROLES, hash_of_token

OF_THE_EMBASSY = ["beijing"]
"""The partnerships that the embassy's token is for: one, so that it can be tried what an embassy may not."""
FOR_PEOPLE, FOR_SERVICES = "demo-tokens.json", "tokens.json"


def ensure_tokens(folder: DataFolder, home: str) -> dict[str, str]:
    """Return the token of each role, `bureau` first, making them where there are none.

    `demo-tokens.json` is for whoever sits at this machine; `tokens.json`, for the services, holds hashes only.
    """
    kept = folder.file(FOR_PEOPLE)
    tokens: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    tokens = {role: tokens.get(role) or f"kembar_{secrets.token_urlsafe(24)}" for role in ROLES}
    folder.write_private(FOR_PEOPLE, tokens)
    principals = [
        {"token_hash": hash_of_token(token), "account": f"{home}/{role}", "role": role, "home": home}
        | ({"partnerships": OF_THE_EMBASSY} if role == Role.EMBASSY else {})
        for role, token in tokens.items()
    ]
    folder.write_private(FOR_SERVICES, principals)
    return tokens
