"""Tables of countries and the associations they belong to."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Model

association_member = Table(
    "association_member",
    Model.metadata,
    Column("association_slug", ForeignKey("association.slug"), primary_key=True),
    Column("country_code", ForeignKey("country.code"), primary_key=True),
)


class Association(Model):
    """A regional organisation of states, by its short name."""

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Country(Model):
    """A country or area of the M49 standard, or a fictional state of the demonstration."""

    code: Mapped[str] = mapped_column(String(3), primary_key=True)  # ISO 3166-1 alpha-3
    alpha2: Mapped[str | None] = mapped_column(String(2), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    official_name: Mapped[str] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(20), index=True)
    sub_region: Mapped[str] = mapped_column(String(60), default="")
    is_un_member: Mapped[bool] = mapped_column(default=False)
    is_iaea_member: Mapped[bool] = mapped_column(default=False)
    infcirc908: Mapped[str] = mapped_column(String(8), default="no")  # "2016", "later" or "no"
    is_fictional: Mapped[bool] = mapped_column(default=False)
    associations: Mapped[list[Association]] = relationship(
        secondary=association_member, order_by=Association.slug
    )

    @property
    def subscribes_to_infcirc908(self) -> bool:
        """Whether the country has subscribed to INFCIRC/908, at once or later."""
        return self.infcirc908 != "no"
