"""Settings of all tests."""

from hypothesis import settings

settings.register_profile("mathbench", deadline=None)  # a busy machine is no failure
settings.load_profile("mathbench")


def pytest_addoption(parser):
    parser.addoption(
        "--questions",
        default=6,
        type=int,
        help="school mathematics: questions per module, level and split that the independent solver answers; "
        "ten times as many rows of each split are compared",
    )
