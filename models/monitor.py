"""A listener that says in words what goes wrong in adversarial training, and what people do about it."""

from collections import deque
from collections.abc import Callable, Mapping

from models.reporting import Report, silent
from models.signs import Thresholds, diagnose

__all__ = ["Monitor", "Thresholds", "diagnose"]


class Monitor:
    """Passes every report on, and speaks once whenever a bad sign appears (again).

    Needs ``vital_signs`` in the recipe to see gradients, diversity and sizes, and a ``ClassShares`` before it to see
    classes; without them it judges by the losses alone.
    """

    def __init__(
        self, speak: Callable[[str], None], thresholds: Thresholds | None = None, then: Report = silent
    ) -> None:
        """``speak`` receives one sentence per finding; ``then`` receives every report."""
        self.speak, self.thresholds, self.then = speak, thresholds or Thresholds(), then
        self.reports: deque[tuple[int, Mapping[str, float]]] = deque(maxlen=self.thresholds.memory)
        self.present: frozenset[str] = frozenset()

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Hear one report."""
        self.reports.append((step, dict(values)))
        findings = diagnose(tuple(self.reports), self.thresholds)
        for finding in findings:
            if finding.sign not in self.present:
                self.speak(str(finding))
        self.present = frozenset(finding.sign for finding in findings)
        self.then(step, values)

    def forget_after(self, step: int) -> None:
        """Training has gone back to ``step``: what came later never happened."""
        while self.reports and self.reports[-1][0] > step:
            self.reports.pop()
        self.present = frozenset(finding.sign for finding in diagnose(tuple(self.reports), self.thresholds))
