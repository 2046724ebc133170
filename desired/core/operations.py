"""What people and programs ask for. An operation is a value; it says what is wanted, and nothing of how."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from constructs_lib.values.base import Bool, Image, Int, Line, Many, Name, Reason, Value
from constructs_lib.values.release import Commit, Time
from constructs_lib.values.text import Form, printable

WholeCommit = Annotated[str, Form(r"^[0-9a-f]{40,64}$", "the whole id of a commit: 40 to 64 hexadecimal digits")]
Tag = Annotated[
    str, Form(r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$", "a tag: letters, digits and . _ + -, at most 100 characters")
]

Signer = Annotated[
    str,
    Form(
        r"^[^\s,@\"*?!#]+@[^\s,@\"*?!]+(,[^\s,@\"*?!]+@[^\s,@\"*?!]+)* "
        r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) "
        r"[A-Za-z0-9+/]{20,2000}={0,2}$",
        "an address and a public key, as ssh-keygen prints it: 'ada@example.com ssh-ed25519 AAAAC3…'",
    ),
]
"""A line of an allowed-signers file: addresses and a public key. Source: ssh-keygen(1), ALLOWED SIGNERS."""

RULES = 3
"""The newest version of the rules, which may forbid what was legal before.

1. One ready pod is enough for every share. Any name is a name for a rollout.
2. A slot has as many ready pods as its share needs. The names of files of `releases/` are no names for rollouts.
   A commit that an operation names is in the history of `main`.
3. The specs of `apps/` are those of the code that makes the cluster, also where newer code is not used.
   An environment that `envs/` no longer defines stays while services run there. `manifests/` holds clusters only.
"""


class Build(Value):
    """An image, and what it was built from."""

    image: Image
    """The image by digest."""
    commit: Commit | None = None
    """The commit that it was built from."""
    ref: Line = ""
    """The branch or tag that it was built from."""


class _Operation(Value):
    environment: Name
    """The environment that it changes."""

    def named(self) -> tuple[str, ...]:
        """The services that it names."""
        service = getattr(self, "service", None)
        return (service,) if service else ()


class Deploy(_Operation):
    """Versions enter an environment: into the stable slots, or as a rollout into the other ones at share 0."""

    verb: Literal["deploy"] = "deploy"
    services: Annotated[dict[Name, Build], Field(min_length=1)]
    """Services and their builds."""
    specs_at: WholeCommit
    """The commit whose `apps/` the specs are taken from."""
    canary: Bool = False
    """Whether they enter as a rollout, at share 0."""
    name: Name | None = None
    """The rollout's name. Default: the service's, if there is only one."""
    first: Many[Name] = ()
    """Of these services, those without a share that change at once and not at finalize."""

    def named(self) -> tuple[str, ...]:
        """The services that it names."""
        return tuple(self.services)


class Canary(_Operation):
    """Sets the share of the whole rollout that a service is in."""

    verb: Literal["canary"] = "canary"
    service: Name
    """A member of the rollout."""
    share: Annotated[Int, Field(ge=0, le=100)]
    """Per cent of the traffic for the new slots."""


class Finalize(_Operation):
    """Makes the new slots of a rollout the stable ones. No pod changes."""

    verb: Literal["finalize"] = "finalize"
    service: Name
    """A member of the rollout."""


class Rollback(_Operation):
    """Share 0 while a rollout is open; after finalize, the way back to the slot that was stable."""

    verb: Literal["rollback"] = "rollback"
    service: Name
    """A member of the rollout."""


class Reset(_Operation):
    """Brings services, or all of them, back to the versions of an earlier recipe of the same environment."""

    verb: Literal["reset"] = "reset"
    to: WholeCommit
    """The commit whose recipe it is."""
    services: Many[Name] = ()
    """Only these; all when none is named."""

    def named(self) -> tuple[str, ...]:
        """The services that it names."""
        return self.services


class Close(_Operation):
    """Ends a rollout and removes the slots that are not stable."""

    verb: Literal["close"] = "close"
    service: Name
    """A member of the rollout."""


class Promote(_Operation):
    """The recipe of one environment enters the next one, as one rollout at share 0."""

    verb: Literal["promote"] = "promote"
    source: Name
    """The environment whose recipe it is."""
    recipe: WholeCommit
    """The commit at which it is read."""
    without: Many[Name] = ()
    """Services that stay as they are; then it is not the tested recipe."""
    name: Name | None = None
    """The rollout's name. Default: `from-<source>`."""


class Platform(_Operation):
    """Moves the pin of an environment's platform."""

    verb: Literal["platform"] = "platform"
    tag: Tag
    """The tag."""
    commit: WholeCommit
    """The commit that the tag names."""


class Hold(_Operation):
    """Stops changes of a service or an environment until the hold is removed or expires."""

    verb: Literal["hold"] = "hold"
    service: Name | None = None
    """The service. Default: the whole environment."""
    because: Reason
    """Why."""
    by: Line
    """Who."""
    until: Time | None = None
    """When it expires."""


class Unhold(_Operation):
    """Takes a hold away."""

    verb: Literal["unhold"] = "unhold"
    service: Name | None = None
    """The service. Default: the whole environment."""


class Signers(_Operation):
    """Names who signs what is done to an environment. From then on nothing else counts there."""

    verb: Literal["signers"] = "signers"
    signers: Many[Signer] = ()
    """All of them. Without any, no signature is needed."""


class Undo(_Operation):
    """Takes back what one commit did to the environment, if nothing of it has changed since."""

    verb: Literal["undo"] = "undo"
    commit: WholeCommit
    """The commit of the operation."""


class Retire(_Operation):
    """Removes a service from an environment."""

    verb: Literal["retire"] = "retire"
    service: Name
    """The service."""


class Restore(_Operation):
    """Brings a retired service back as it was at a commit."""

    verb: Literal["restore"] = "restore"
    service: Name
    """The service."""
    at: WholeCommit
    """A commit at which it ran."""


Operation = Annotated[
    Deploy
    | Canary
    | Finalize
    | Rollback
    | Reset
    | Close
    | Promote
    | Platform
    | Hold
    | Unhold
    | Signers
    | Undo
    | Retire
    | Restore,
    Field(discriminator="verb"),
]
OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)


class Intent(Value):
    """An operation with who asks for it, why, and what they looked at."""

    stands_alone: ClassVar[bool] = True

    operation: Operation
    """What is asked for."""
    actor: Annotated[
        str,
        Form(
            r"^\w([^<>\x00-\x1f]{0,98}[\w.)])? <[^<>\s\x00-\x1f]{1,200}>$",
            "a name and an address: 'Ada <ada@example.com>'",
        ),
        BeforeValidator(printable),
    ]
    """Who asks: name and address, as Git writes them."""
    reason: Line = ""
    """Why."""
    expected: WholeCommit
    """The commit that they looked at."""
    key: Annotated[str, Form(r"^[A-Za-z0-9._:-]{1,100}$", "letters, digits and . _ : -, at most 100 characters")]
    """The idempotency key: the same key acts once within 24 hours."""
    unobserved: Bool = False
    """Whether gates that need a look at the cluster are passed without one; needs a reason."""
    rules: Annotated[Int, Field(ge=1)] = RULES
    """The version of the rules by which it is decided. What was legal when it was done stays legal for ever."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.unobserved and not self.reason.strip():
            raise ValueError("unobserved needs a reason. Say why the cluster cannot be checked")
        return self
