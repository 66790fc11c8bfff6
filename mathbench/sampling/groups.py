"""Groups of strata that run out together, which keeps the labels of a split balanced for every number of rows.

A group that lacks a label cannot be balanced by itself: no two-digit number is a multiple of 1000. It joins the next
group that has all labels. A group in which a stratum runs out continues without it, as long as others have the same
label, and in the end gives as many rows of every label as it still has.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mathbench.hashing import key_of
from mathbench.sampling.capacity import RemainingCapacity
from mathbench.stratum import Stratum

MAX_ROUND = 1 << 22  # rows of one round of all groups, whose order is kept in memory
# rows that a group without labels gives at once where its strata are too small for one round
MAX_REST = 1 << 14


@dataclass(frozen=True)
class Member:
    """One stratum of a group.

    Attributes:
        stratum: the index of the stratum.
        space: the index of its space.
        weight: rows per round.
        label: the label of its rows; empty where answers are not labels.
    """

    stratum: int
    space: int
    weight: int
    label: str


@dataclass(frozen=True)
class Group:
    """Strata that run out together.

    Args:
        members: the strata. Either all of them share one space, or none do.
        drops_rest: whether several strata give nothing more when one of them runs out.
    """

    members: tuple[Member, ...]
    drops_rest: bool = False

    @property
    def size(self) -> int:
        """Rows in a round."""
        return sum(member.weight for member in self.members)

    @property
    def by_label(self) -> dict[str, list[Member]]:
        """The members of each label."""
        found: dict[str, list[Member]] = {}
        for member in self.members:
            found.setdefault(member.label, []).append(member)
        return found

    @property
    def shares_space(self) -> bool:
        """Whether all members draw from the same problems."""
        return len(self.members) > 1 and self.members[0].space == self.members[1].space

    def has_all(self, labels: Iterable[str], remaining: RemainingCapacity) -> bool:
        """Whether the group has problems of every label. Members that share a space can divide it as needed."""
        members = self.by_label
        return self.shares_space or all(
            any(remaining.up_to(1, member.space) for member in members.get(label, ())) for label in labels
        )

    def is_exhausted(self, remaining: RemainingCapacity) -> bool:
        """Whether the group cannot give another round."""
        if self.shares_space:
            return remaining.up_to(self.size, self.members[0].space) < self.size
        return any(remaining.up_to(member.weight, member.space) < member.weight for member in self.members)

    def reduced(self, remaining: RemainingCapacity) -> "Group":
        """The group without its exhausted members; unchanged where what is left is no more than a last round."""
        most = self.size if self.members[0].label else max(self.size, MAX_REST)
        if not self.is_exhausted(remaining) or not self._has_more_than(most, remaining):
            return self
        left = [m for m in self.members if remaining.up_to(m.weight, m.space) == m.weight]
        return _balanced(replace(self, members=tuple(left)))

    def _has_more_than(self, rows: int, remaining: RemainingCapacity) -> bool:
        """Whether the last round has more than some rows; counts no space further than the answer needs."""
        if self.drops_rest or self.shares_space or len(self.members) == 1 or not self.members[0].label:
            return sum(self.last_round(remaining, key=0).values()) > rows
        each = rows // len(self.by_label) + 1
        return all(
            sum(remaining.up_to(each, member.space) for member in own) >= each
            for own in self.by_label.values()
        )

    def last_round(self, remaining: RemainingCapacity, key: int) -> dict[int, int]:
        """The rows of each stratum that an exhausted group still gives.

        Args:
            remaining: the capacity of all spaces.
            key: decides which members give one row more where rows do not divide evenly.
        """
        if len(self.members) == 1:
            member = self.members[0]
            return {member.stratum: remaining.up_to(member.weight, member.space)}
        if self.drops_rest:
            return {}
        if self.members[0].label:
            return self._balanced_rest(remaining, key)
        # too few problems for one round: all of them, as often as they occur
        if self.shares_space or any(remaining.used[member.space] for member in self.members):
            return {}
        return {member.stratum: remaining.exact(member.space) for member in self.members}

    def _balanced_rest(self, remaining: RemainingCapacity, key: int) -> dict[int, int]:
        """As many rows of every label as there are problems, by weight as far as each member goes."""
        members = list(self.by_label.values())
        if self.shares_space:
            rows = remaining.exact(self.members[0].space) // len(members)
        else:
            rows = min(sum(remaining.exact(member.space) for member in own) for own in members)
        counts: dict[int, int] = {}
        for own in members:
            limits = [remaining.exact(member.space) for member in own]
            order = key_of(key, own[0].stratum)
            shares = apportioned(rows, [member.weight for member in own], limits, order)
            counts.update(zip([member.stratum for member in own], shares, strict=True))
        return counts


def apportioned(total: int, weights: Sequence[int], limits: Sequence[int], key: int) -> list[int]:
    """Distribute a total by weight, none above its limit.

    Args:
        total: what is distributed, at most the sum of the limits.
        weights: the weights, above 0.
        limits: the largest share of each.
        key: decides who gets one more where the total does not divide evenly.

    >>> apportioned(8, [1, 1, 2], [9, 9, 9], key=1), apportioned(7, [1, 1, 2], [0, 9, 3], key=1)
    ([2, 2, 4], [0, 4, 3])
    """
    shares = [0] * len(weights)
    while total:
        unfilled = [i for i, limit in enumerate(limits) if shares[i] < limit]
        whole = sum(weights[i] for i in unfilled)
        more = {i: min(total * weights[i] // whole, limits[i] - shares[i]) for i in unfilled}
        if not any(more.values()):
            more = dict.fromkeys(sorted(unfilled, key=lambda i: (-weights[i], key_of(key, i)))[:total], 1)
        for i, count in more.items():
            shares[i] += count
            total -= count
    return shares


def groups_of(
    strata: Sequence[Stratum], space_of: Sequence[int], remaining: RemainingCapacity, balance: bool
) -> list[Group]:
    """The groups of a split.

    Args:
        strata: the strata of the split; those without weight belong to no group.
        space_of: the space of each stratum.
        remaining: the capacity of all spaces.
        balance: whether groups that lack a label join others, and what is left of a group is divided.
    """
    members: dict[str, list[Member]] = {}
    for i, (stratum, space) in enumerate(zip(strata, space_of, strict=True)):
        member = Member(i, space, stratum.weight, stratum.label)
        if stratum.weight:
            members.setdefault(stratum.group_name, []).append(member)
    groups = [Group(tuple(own), drops_rest=not balance) for own in members.values()]
    labels = sorted({stratum.label for stratum in strata} - {""})
    if balance and labels:
        groups = list(_joined(groups, labels, remaining))
    size = sum(group.size for group in groups)
    return groups if size <= MAX_ROUND else [_scaled(group, MAX_ROUND / size) for group in groups]


def _joined(groups: list[Group], labels: list[str], remaining: RemainingCapacity) -> Iterator[Group]:
    """Join each group that lacks a label to the next one that has all, and the last ones to the one before them."""
    open_: list[Group] = []
    complete: Group | None = None
    for group in groups:
        if not group.has_all(labels, remaining):
            open_.append(group)
            continue
        if complete:
            yield complete
        complete, open_ = _union([*open_, group]), []
    if rest := [*([complete] if complete else []), *open_]:
        last = _union(rest)
        if last.has_all(labels, remaining):
            yield last


def _union(groups: list[Group]) -> Group:
    return _balanced(Group(tuple(member for group in groups for member in group.members)))


def _balanced(group: Group) -> Group:
    """The same strata with weights that add up to the same number for each label."""
    return _weighted(group, max(sum(m.weight for m in own) for own in group.by_label.values()))


def _scaled(group: Group, factor: float) -> Group:
    """The same strata with smaller weights, at least 1 each."""
    members = group.by_label.values()
    return _weighted(group, max(int(sum(m.weight for m in own) * factor) + len(own) for own in members), 1)


def _weighted(group: Group, total: int, least: int = 0) -> Group:
    """The same strata with weights that add up to a total for each label, at least some rows for each stratum."""
    weights: dict[int, int] = {}
    for own in group.by_label.values():
        rest = total - least * len(own)
        shares = apportioned(rest, [member.weight for member in own], [rest] * len(own), key=0)
        weights.update((member.stratum, least + share) for member, share in zip(own, shares, strict=True))
    return replace(group, members=tuple(replace(m, weight=weights[m.stratum]) for m in group.members))
