"""Finds, or installs through Go, what the other tests here need; once, before they run."""
from comet import find_cli, find_comet, options

build = options().build
print(find_comet(build))
print(find_cli(build))
