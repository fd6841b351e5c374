"""What access does: each action gathers what is needed, lets a pure function decide, and has one effect with its entry in
the audit trail.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.access import store
from services.access.decide import (
    Account,
    Membership,
    TokenAsked,
    findings_of_membership,
    findings_of_password,
    findings_of_person,
    findings_of_sign_in_name,
    invalid,
    is_administrator,
    may_sign_in,
    memberships_from,
    not_allowed,
    plan_token,
    safe_next,
    sign_in_name_of,
)
from services.access.id_token import NotBelieved
from services.access.passwords import Passwords
from services.access.provider import Provider, Visit
from services.access.store import queries
from shared.domain.access import Principal, Role
from shared.domain.credentials import ATTEMPTS_WITHIN, Refused, hash_of
from shared.postgres.pool import REFUSED_BY_THE_DATABASE, Connection, Pool
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.web.audit import write_audit
from shared.wire.problems import Fault, Finding, Problem


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where somebody comes: the address, what the browser calls itself, and the cookie's secret it had before."""

    address: str
    agent: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody is in: the secret for their cookie, where they wanted to go, and the language they read."""

    secret: str
    next: str
    language: str


class Desk:
    """Signs people in and out, and looks after people, memberships, tokens and links."""

    def __init__(
        self, pool: Pool, passwords: Passwords, provider: Provider | None, settings: Settings, clock: Clock
    ) -> None:
        self.pool = pool
        self.provider = provider
        self.clock = clock
        self.settings = settings
        self._passwords = passwords

    async def sign_in(self, name: str, password: str, visitor: Visitor, next: str) -> SignedIn | Refused:
        """Sign somebody in by name and password, or say why not; the audit trail keeps either."""
        now = self.clock()
        known_as = sign_in_name_of(name)
        attempts = await store.begin_attempt(self.pool, known_as, visitor.address, now)
        if attempts.are_too_many:
            await self._refused("password", Refused.TOO_MANY, None, visitor)
            return Refused.TOO_MANY
        account = await store.read_account_named(self.pool, known_as)
        fits = await self._passwords.fits(account.password_hash if account else None, password)
        memberships = await store.read_memberships(self.pool, account.account if account else "")
        decision = may_sign_in(account, memberships, password_fits=fits)
        if isinstance(decision, Refused) or account is None:
            reason = decision if isinstance(decision, Refused) else Refused.UNKNOWN
            await self._refused("password", reason, account, visitor)
            return reason
        async with store.transaction(self.pool) as connection:
            await queries.forget_attempts(connection, name_hash=hash_of(known_as), address=visitor.address)
            return await self._let_in(connection, account, decision, visitor, next, "password")

    async def go_to_provider(self, next: str | None) -> tuple[str, str]:
        """Return where to send the browser, and the secret that it must bring back in a cookie. Raises `ProviderAway`."""
        visit = Visit.draw()
        address = await self._provider().address_for(visit)
        now = self.clock()
        browser = Visit.draw().state
        await queries.drop_old_visits(self.pool, before=now - ATTEMPTS_WITHIN)
        await queries.begin_visit(
            self.pool,
            state_hash=hash_of(visit.state),
            browser_hash=hash_of(browser),
            nonce=visit.nonce,
            code_verifier=visit.code_verifier,
            next=safe_next(next),
            begun_at=now,
        )
        return address, browser

    async def come_back_from_provider(
        self, state: str, code: str | None, issuer: str | None, browser: str | None, visitor: Visitor
    ) -> SignedIn | str:
        """Sign in whom the provider sends back, or return why not; the audit trail keeps either. Raises `ProviderAway`.

        A state is good once, for a quarter of an hour, and in the browser that went.
        """
        row = await queries.end_visit(self.pool, state_hash=hash_of(state))
        refusal = self._why_no_visit(row, browser, issuer) or (None if code else "cancelled")
        if refusal or row is None or code is None:
            return await self._refused("provider", refusal or "unknown-state", None, visitor)
        claims = await self._provider().claims_for(code, Visit(state, row["nonce"], row["code_verifier"]))
        if isinstance(claims, NotBelieved):
            return await self._refused("provider", claims.reason, None, visitor)
        return await self._let_in_by_claims(claims, visitor, row["next"])

    async def sign_out(self, principal: Principal, visitor: Visitor, *, everywhere: bool) -> None:
        """End the session, or all sessions of the account."""
        now = self.clock()
        async with store.transaction(self.pool) as connection:
            if everywhere:
                await queries.end_sessions(connection, account=principal.account, at=now)
            elif principal.session:
                await queries.end_session(
                    connection, session=UUID(principal.session), account=principal.account, at=now
                )
            await self._audit(connection, "sign-out", principal, visitor, everywhere="yes" if everywhere else None)

    async def end_session(self, principal: Principal, session: UUID, visitor: Visitor) -> bool:
        """End one of one's own sessions; False where it is none."""
        async with store.transaction(self.pool) as connection:
            ended = await queries.end_session(connection, session=session, account=principal.account, at=self.clock())
            if ended:
                await self._audit(connection, "sign-out", principal, visitor, session=str(session))
        return ended is not None

    async def act_as(self, principal: Principal, home: str, role: str, visitor: Visitor) -> bool:
        """Go on in another home, or as something else that one is; False where one is not."""
        held = await store.read_memberships(self.pool, principal.account)
        if principal.session is None or not any((each.home, each.role) == (home, role) for each in held):
            return False
        async with store.transaction(self.pool) as connection:
            await queries.move_session(connection, session=UUID(principal.session), home=home, role=role)
            await self._audit(connection, "membership-chosen", principal, visitor, to=f"{home}/{role}")
        return True

    async def make_token(self, principal: Principal, asked: TokenAsked, visitor: Visitor) -> tuple[UUID, str]:
        """Make a token; return its id and the token, which nobody can show again. Raises `Fault` (403, 409, 422)."""
        now = self.clock()
        planned = plan_token(asked, principal, sorted(principal.partnerships) if principal.partnerships else None, now)
        if isinstance(planned, Problem):
            raise Fault(planned)
        async with store.transaction(self.pool) as connection:
            if planned.program:
                if not await store.make_program(connection, planned.account, principal.home, now):
                    raise Fault(_program_taken(planned.account))
                await store.write_membership(connection, planned.account, planned.membership)
            token, shown = await store.make_token(connection, planned, principal.account, now)
            await self._audit(
                connection,
                "token-made",
                principal,
                visitor,
                token=str(token),
                of=planned.account,
                rights=f"{planned.membership.home}/{planned.membership.role}",
                scopes=" ".join(planned.scopes) if planned.scopes is not None else None,
            )
        return token, shown

    async def revoke_token(self, principal: Principal, token: UUID, visitor: Visitor) -> bool:
        """Revoke one of one's own tokens, or as an administrator one of the home; False where there is none."""
        async with store.transaction(self.pool) as connection:
            row = await queries.revoke_token(
                connection,
                token=token,
                account=principal.account,
                home=principal.home if is_administrator(principal) else None,
                at=self.clock(),
            )
            if row:
                await self._audit(connection, "token-revoked", principal, visitor, token=str(token), of=row["account"])
        return row is not None

    async def invite(
        self, principal: Principal, shown_name: str, language: str, membership: Membership, visitor: Visitor
    ) -> tuple[str, str]:
        """Make a person's account in the home; return it and the secret of the link by which they set a password.

        Raises `Fault` (403, 422).
        """
        findings = findings_of_person(shown_name, language)
        findings += findings_of_membership(membership.role, membership.partnerships)
        self._refuse_others(principal)
        if findings:
            raise Fault(invalid(*findings))
        now = self.clock()
        async with store.transaction(self.pool) as connection:
            account = await store.make_person(connection, principal.home, shown_name, language, now)
            await store.write_membership(connection, account, replace(membership, home=principal.home))
            secret = await store.make_link(connection, account, principal.account, now)
            rights = f"{principal.home}/{membership.role}"
            await self._audit(connection, "person-invited", principal, visitor, of=account, rights=rights)
        return account, secret

    async def make_link(self, principal: Principal, account: str, visitor: Visitor) -> str:
        """Make a one-time link for a person of the home; return its secret. Raises `Fault` (403, 404)."""
        await self._looked_after(principal, account, kind="person")
        async with store.transaction(self.pool) as connection:
            secret = await store.make_link(connection, account, principal.account, self.clock())
            await self._audit(connection, "link-made", principal, visitor, of=account)
        return secret

    async def disable(self, principal: Principal, account: str, visitor: Visitor, *, disabled: bool) -> None:
        """Let an account of the home in no more, or again. Raises `Fault` (403, 404, 422)."""
        await self._looked_after(principal, account)
        if account == principal.account:
            said = "An administrator cannot disable their own account."
            raise Fault(invalid(Finding("account", said, "Ask another administrator.")))
        async with store.transaction(self.pool) as connection:
            await set_disabled(connection, account, self.clock(), disabled=disabled)
            kind = "account-disabled" if disabled else "account-enabled"
            await self._audit(connection, kind, principal, visitor, of=account)

    async def set_membership(
        self, principal: Principal, account: str, role: str, partnerships: list[str] | None, visitor: Visitor
    ) -> None:
        """Make an account this to the home as which one acts. Raises `Fault` (403, 404, 422)."""
        self._refuse_others(principal)
        if findings := findings_of_membership(role, partnerships):
            raise Fault(invalid(*findings))
        if await store.read_account(self.pool, account) is None:
            raise Fault(unknown_account(account))
        own = None if partnerships is None else tuple(sorted(set(partnerships)))
        async with store.transaction(self.pool) as connection:
            await store.write_membership(connection, account, Membership(principal.home, Role(role), own))
            rights = f"{principal.home}/{role}"
            await self._audit(connection, "membership-given", principal, visitor, of=account, rights=rights)

    async def drop_membership(self, principal: Principal, account: str, role: str, visitor: Visitor) -> None:
        """Make an account this to the home no more. Raises `Fault` (403, 404, 422)."""
        self._refuse_others(principal)
        if (account, role) == (principal.account, Role.ADMINISTRATOR):
            said = "An administrator cannot end their own administration."
            raise Fault(invalid(Finding("role", said, "Ask another administrator.")))
        async with store.transaction(self.pool) as connection:
            if not await queries.drop_membership(connection, account=account, home=principal.home, role=role):
                raise Fault(unknown_account(account))
            rights = f"{principal.home}/{role}"
            await self._audit(connection, "membership-taken", principal, visitor, of=account, rights=rights)

    async def link_of(self, secret: str) -> Any | None:  # noqa: ANN401
        """Return whose one-time link this is; None where it is used up, expired, or was never one."""
        row = await queries.link_of(self.pool, link_hash=hash_of(secret))
        return row if row and row["expires_at"] > self.clock() and row["disabled_at"] is None else None

    async def set_password(
        self, secret: str, name: str, password: str, visitor: Visitor
    ) -> SignedIn | tuple[Finding, ...] | None:
        """Use a one-time link: set the password, end the account's sessions, and sign the person in.

        Returns what is wrong with name or password; None where the link is worth nothing.
        """
        row = await self.link_of(secret)
        if row is None:
            return None
        known_as = row["sign_in_name"] or sign_in_name_of(name)
        if findings := [*findings_of_sign_in_name(known_as), *findings_of_password(password, known_as)]:
            return tuple(findings)
        password_hash = await self._passwords.hash(password)
        now = self.clock()
        try:
            async with store.transaction(self.pool) as connection:
                used = await queries.use_link(connection, link_hash=hash_of(secret), at=now)
                if used is None:
                    return None
                await queries.set_password(connection, account=used, password_hash=password_hash, sign_in_name=known_as)
                await queries.end_sessions(connection, account=used, at=now)
                await write_audit(
                    connection, now, "password-set", account=used, home=row["home"], address=visitor.address
                )
                account = await store.read_account(connection, used)
                decision = may_sign_in(account, await store.read_memberships(connection, used), password_fits=True)
                if isinstance(decision, Refused) or account is None:
                    return None
                return await self._let_in(connection, account, decision, visitor, "/", "link")
        except REFUSED_BY_THE_DATABASE:
            said = f"“{known_as}” is the name of somebody else."
            return (Finding("name", said, "Choose another."),)

    async def _let_in_by_claims(self, claims: dict[str, Any], visitor: Visitor, next: str) -> SignedIn | str:
        now = self.clock()
        subject = str(claims["sub"])
        provided = memberships_from(claims, self.settings.oidc_role_claim, self.settings.oidc_roles)
        async with store.transaction(self.pool) as connection:
            account = await store.read_account_of_subject(connection, claims["iss"], subject)
            if account is None and provided:
                home = provided[0].home
                name = str(claims.get("name") or claims.get("email") or subject)[:120]
                made = await store.make_person(connection, home, name, "id", now, issuer=claims["iss"], subject=subject)
                account = await store.read_account(connection, made)
            memberships = (
                await store.write_provided_memberships(connection, account.account, provided) if account else []
            )
            decision = may_sign_in(account, memberships, password_fits=True)
            if not isinstance(decision, Refused) and account is not None:
                return await self._let_in(connection, account, decision, visitor, next, "provider")
        reason = decision if isinstance(decision, Refused) else Refused.UNKNOWN
        return await self._refused("provider", reason, account, visitor)

    async def _let_in(
        self,
        connection: Connection,
        account: Account,
        membership: Membership,
        visitor: Visitor,
        next: str,
        by: str,
    ) -> SignedIn:
        now = self.clock()
        if visitor.secret:
            await queries.end_session_shown(connection, secret_hash=hash_of(visitor.secret), at=now)
        secret = await store.make_session(connection, account.account, membership, now, visitor.address, visitor.agent)
        await write_audit(
            connection,
            now,
            "sign-in",
            account=account.account,
            home=membership.home,
            role=membership.role,
            address=visitor.address,
            by=by,
        )
        return SignedIn(secret, safe_next(next), account.language)

    async def _refused(self, by: str, reason: str, account: Account | None, visitor: Visitor) -> str:
        await write_audit(
            self.pool,
            self.clock(),
            "sign-in-refused",
            account=account.account if account else None,
            home=account.home if account else None,
            address=visitor.address,
            by=by,
            reason=reason,
        )
        return reason

    def _why_no_visit(self, row: Any, browser: str | None, issuer: str | None) -> str | None:  # noqa: ANN401
        if row is None:
            return "unknown-state"
        if row["begun_at"] + ATTEMPTS_WITHIN <= self.clock():
            return "expired-state"
        if browser is None or not hmac.compare_digest(row["browser_hash"], hash_of(browser)):
            return "other-browser"
        if issuer is not None and issuer != self.settings.oidc_issuer:
            return "other-issuer"
        return None

    def _provider(self) -> Provider:
        if self.provider is None:
            raise Fault(Problem(404, "http", "Not Found.", "Sign in with name and password at /sign-in."))
        return self.provider

    def _refuse_others(self, principal: Principal) -> None:
        if not is_administrator(principal):
            raise Fault(not_allowed())

    async def _looked_after(self, principal: Principal, account: str, kind: str | None = None) -> Account:
        """Return an account that the principal's home looks after; another home's administrators may not touch it."""
        self._refuse_others(principal)
        found = await store.read_account(self.pool, account)
        if found is None or found.home != principal.home or (kind and found.kind != kind):
            raise Fault(unknown_account(account))
        return found

    async def _audit(
        self, connection: Connection, kind: str, principal: Principal, visitor: Visitor, **what: str | None
    ) -> None:
        await write_audit(
            connection,
            self.clock(),
            kind,
            account=principal.account,
            home=principal.home,
            role=principal.role,
            address=visitor.address,
            **what,
        )


async def set_disabled(connection: Connection, account: str, at: datetime, *, disabled: bool) -> None:
    """Let an account in no more, and end its sessions; or let it in again."""
    if disabled:
        await queries.disable(connection, account=account, at=at)
        await queries.end_sessions(connection, account=account, at=at)
        await queries.drop_links(connection, account=account)
    else:
        await queries.enable(connection, account=account)


def unknown_account(account: str) -> Problem:
    """Return the refusal of an account that is not there, or not this home's."""
    title = f"There is no account “{account[:80]}” that this home looks after."
    return Problem(404, "unknown-account", title, "See /access/v1/people for those there are.")


def _program_taken(account: str) -> Problem:
    title = f"“{account[:80]}” is a person's account, or disabled. Nothing was done."
    return Problem(409, "account-taken", title, "Choose another name for the program.")
