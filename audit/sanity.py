"""What looks odd in the tables of an audit: counted and said, never silently repaired."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from audit.measures.coded import Coded


@dataclass(frozen=True)
class Sanity:
    """Counts of what a reader should know before the numbers; 0 everywhere is a clean audit."""

    short_lists: int  # users with a list of fewer than k items
    repeated_items: int  # rows that show an item to the same user again
    skipped_ranks: int  # users whose ranks are not 1, 2, 3 ... without a hole
    beyond_k: int  # rows below rank k, left out
    unknown_items: int  # rows that show an item outside the items table
    already_seen: int  # rows that show an item of the user's own training history
    outcomes_seen: int  # held-out pairs that are in training too
    truth_without_list: int  # users judged with 0 hits for want of a list
    list_without_truth: int  # users with a list who cannot be judged
    users_without_both: int  # users known from anywhere with neither list nor held-out item

    def sentences(self, k: int) -> tuple[str, ...]:
        """One sentence for every count that is not 0."""
        said = {
            "short_lists": f"users have a list shorter than {k}; precision still divides by {k}",
            "repeated_items": "rows repeat an item in the same list; a repeat counts as a miss and as exposure",
            "skipped_ranks": "users have holes in their ranks; the ranks are used as given",
            "beyond_k": f"rows lie below rank {k} and are left out",
            "unknown_items": "rows show an item that is not in the items table",
            "already_seen": "rows show an item that its user had already chosen in training",
            "outcomes_seen": "held-out choices are in the training table too",
            "truth_without_list": "users have held-out choices and no list; they count as 0 hits",
            "list_without_truth": "users have a list and no held-out choice; they are in no accuracy number",
            "users_without_both": "users have neither a list nor a held-out choice; they are in no number",
        }
        return tuple(f"{count:,} {said[name]}." for name, count in asdict(self).items() if count)


def sanity(coded: Coded, n_users_total: int | None = None) -> Sanity:
    """Count the oddities; `n_users_total`: users of the whole system, where more exist than the tables name."""
    listed, judged = coded.length > 0, coded.n_truth > 0
    last = np.zeros(len(coded.users), dtype=np.int64)
    np.maximum.at(last, coded.user, coded.rank)
    everybody = max(n_users_total or 0, len(coded.users))
    return Sanity(
        short_lists=int((listed & (coded.length < coded.k)).sum()),
        repeated_items=int((~coded.first).sum()),
        skipped_ranks=int((last != coded.length).sum()),
        beyond_k=coded.beyond_k,
        unknown_items=int((~coded.catalogue[coded.item]).sum()),
        already_seen=int(coded.seen.sum()),
        outcomes_seen=int(coded.truth.multiply(coded.history).nnz),
        truth_without_list=int((judged & ~listed).sum()),
        list_without_truth=int((listed & ~judged).sum()),
        users_without_both=everybody - int((listed | judged).sum()),
    )
