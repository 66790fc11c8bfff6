"""The learning rate of a step, written out by hand."""

import pytest

from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.training.loop import learning_rate_at

STEPS = (0, 9, 19, 20, 40, 60, 80, 99)
RISE = (0.1, 1.0, 2.0)  # 20 % of 100 steps, up to a rate of 2


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", (*RISE, 2.0, 2.0, 2.0, 2.0, 2.0)),
        ("linear", (*RISE, 2.0, 1.5, 1.0, 0.5, 0.025)),
        # 1 + cos of 0, 45, 90, 135 and 177.75 degrees
        ("cosine", (*RISE, 2.0, 1.707107, 1.0, 0.292893, 0.000771)),
    ],
)
def test_the_rate_rises_and_then_follows_its_schedule(schedule, rates):
    settings = TrainingSettings(steps=100, rate=2.0, schedule=schedule, warmup=0.2)
    assert [learning_rate_at(step, settings) for step in STEPS] == pytest.approx(rates, abs=1e-6)


def test_without_a_rise_the_first_step_has_the_whole_rate():
    settings = TrainingSettings(steps=4, rate=1.0, schedule="cosine", warmup=0.0)
    expected = (1.0, 0.853553, 0.5, 0.146447)
    assert [learning_rate_at(step, settings) for step in range(4)] == pytest.approx(expected, abs=1e-6)


def test_a_rise_that_ends_between_two_steps_does_not_exceed_the_rate():
    settings = TrainingSettings(steps=10, rate=1.0, schedule="constant", warmup=0.25)
    assert [learning_rate_at(step, settings) for step in range(4)] == pytest.approx((0.4, 0.8, 1.0, 1.0))
