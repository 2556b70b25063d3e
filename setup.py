"""Only to refuse wheels: `assistant`, `corpus`, `index` and `web` are names of an application."""

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel


class RefuseWheel(bdist_wheel):
    """An editable install doesn't run this command; a wheel build does."""

    def run(self) -> None:
        raise SystemExit(
            "谁来管 is an application, not a library: names like `web` and `index` don't belong in a "
            "shared site-packages. Install it into its own environment: make setup, or pip install -e ."
        )


setup(cmdclass={"bdist_wheel": RefuseWheel})
