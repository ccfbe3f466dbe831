"""`python -m funding.cli`: the same as the `tributary` command."""

from funding.cli import main

main(prog_name="tributary")
