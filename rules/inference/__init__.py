"""Inference: from dated looks at entities to the most probable set of roots behind them."""

from rules.inference.drilldown import WantedTest, next_tests
from rules.inference.engine import Engine

__all__ = ["Engine", "WantedTest", "next_tests"]
