"""The identity provider (OpenID Connect): code flow with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, request, session

from app import outbox
from app.accounts.identities import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask, Response

    from config import Config

TIMEOUT_SECONDS = 10
EXTENSION = "identity_provider"


def init_app(app: Flask, config: Config) -> None:
    """Make the client of the provider that the settings name, if they name one."""
    if config.oidc is None:
        return
    from authlib.integrations.flask_client import OAuth  # noqa: PLC0415 - costs a third of a second

    app.extensions[EXTENSION] = OAuth(app).register(
        "provider",
        client_id=config.oidc.client_id,
        client_secret=config.oidc.client_secret,
        server_metadata_url=f"{config.oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )


def begin() -> Response:
    """Return the redirect to the provider.

    Raises:
        ProviderError: it does not answer, or answers for somebody else.
    """
    from requests import RequestException  # noqa: PLC0415 - as above

    client = _client()
    for key in [key for key in session if str(key).startswith("_state_")]:
        session.pop(key)  # of tries that were given up; the cookie has 4 KB
    try:
        _check_issuer(client.load_server_metadata())
        answer: Response = client.authorize_redirect(outbox.address("accounts.provider_back"))
    except (RequestException, ValueError, KeyError, RuntimeError) as error:
        raise ProviderError from error
    return answer


def finish() -> Mapping[str, Any]:
    """Return the claims of the ID token behind the provider's answer, every check passed.

    Raises:
        ProviderError: refused, forged, stale, for somebody else or by somebody else.
    """
    from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 - as above
    from joserfc.errors import JoseError  # noqa: PLC0415 - as above
    from requests import RequestException  # noqa: PLC0415 - as above

    client = _client()
    issuer = outbox.settings().oidc
    # RFC 9207: where the provider says who it is, it must be the one that was asked.
    if issuer is None or request.args.get("iss", issuer.issuer) != issuer.issuer:
        raise ProviderError
    try:
        _check_issuer(client.load_server_metadata())
        claims = client.authorize_access_token().get("userinfo")
    except (
        AuthlibBaseError,
        JoseError,
        RequestException,
        ValueError,
        KeyError,
        RuntimeError,
    ) as error:
        current_app.logger.warning("identity provider: %s", type(error).__name__)
        raise ProviderError from error
    if not claims or not claims.get("sub") or claims.get("iss") != issuer.issuer:
        raise ProviderError
    found: Mapping[str, Any] = claims
    return found


def _check_issuer(metadata: Mapping[str, Any]) -> None:
    # OpenID Connect Discovery §4.3: exactly the issuer whose address was asked.
    wanted = outbox.settings().oidc
    if wanted is None or metadata.get("issuer") != wanted.issuer:
        raise ProviderError


def _client() -> Any:  # noqa: ANN401 - Authlib's, untyped
    client = current_app.extensions.get(EXTENSION)
    if client is None:
        raise ProviderError
    return client
