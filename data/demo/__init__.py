"""The demo world: a made-up service whose gaps are planted, so that an audit can be judged by them."""

from data.demo.answers import DemoTruth
from data.demo.planted import NOTHING, PLANTED, Planted
from data.demo.truth import truth
from data.demo.world import demo_source, null_source

__all__ = ["NOTHING", "PLANTED", "DemoTruth", "Planted", "demo_source", "null_source", "truth"]
