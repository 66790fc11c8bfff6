"""The tables of a board's database."""

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship


class Base(DeclarativeBase):
    """All tables of a board."""


class BoardRow(Base):
    """Properties of the board, such as the version of its tables."""

    __tablename__ = "board"
    key: Mapped[str] = mapped_column(String(50), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class SubmissionRow(Base):
    """One submission, however often it was sent. Withdrawn submissions are marked, not deleted."""

    __tablename__ = "submissions"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    submitted: Mapped[str] = mapped_column(String(32))
    badge: Mapped[str] = mapped_column(String(20))
    withdrawn: Mapped[str | None] = mapped_column(Text)
    task_id: Mapped[str] = mapped_column(String(100), index=True)
    task_name: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(200), index=True)
    # the name of the token; NULL for what the host put on the board
    submitter: Mapped[str | None] = mapped_column(String(50))
    framework: Mapped[str | None] = mapped_column(String(50))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    differences: Mapped[list[str]] = mapped_column(JSON)
    predictions_digest: Mapped[str] = mapped_column(String(64))
    packed: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    certificate: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    scores: Mapped[list["ScoreRow"]] = relationship(order_by="ScoreRow.position", lazy="selectin")


class ScoreRow(Base):
    """The recomputed score of one split of one submission."""

    __tablename__ = "scores"
    digest: Mapped[str] = mapped_column(ForeignKey("submissions.digest"), primary_key=True)
    split: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]
    n: Mapped[int]
    correct: Mapped[int]
    solver_n: Mapped[int]
    solver_correct: Mapped[int]
    strata: Mapped[dict[str, list[int]]] = mapped_column(JSON)
    # which rows are right, as packed bits; NULL until they are computed
    right: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


class AttemptRow(Base):
    """One attempt to submit, withdraw or reproduce a submission."""

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str | None] = mapped_column(String(64), index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(Text)
    token: Mapped[str | None] = mapped_column(String(50))  # the name of the token


class NameRow(Base):
    """The owner of the name of a model: whoever used it first."""

    __tablename__ = "names"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    submitter: Mapped[str | None] = mapped_column(String(50))
    since: Mapped[str] = mapped_column(String(32))


class SeasonRow(Base):
    """A season of the board, besides those that come with mathbench."""

    __tablename__ = "seasons"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    added: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    references: Mapped[dict[str, Any]] = mapped_column(JSON)


class TokenRow(Base):
    """A token for submitting to a server. Only the hash of its secret is stored."""

    __tablename__ = "tokens"
    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    created: Mapped[str] = mapped_column(String(32))
    revoked: Mapped[str | None] = mapped_column(String(32))


class UseRow(Base):
    """One use of a server by a token, counted for its limits. Rows older than the longest limit are deleted."""

    __tablename__ = "uses"
    __table_args__ = (Index("ix_uses_token", "token", "kind", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    token: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[float] = mapped_column(Float(53), index=True)  # seconds since 1970
    amount: Mapped[float] = mapped_column(Float(53))


class LeaseRow(Base):
    """The right of one server to run a job of a token. It ends with the job, or when it is not renewed in time."""

    __tablename__ = "leases"
    token: Mapped[str] = mapped_column(String(50), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    until: Mapped[float] = mapped_column(Float(53))  # seconds since 1970
