"""The command line: what each subcommand takes, does and prints.

A subcommand is a module with HELP, `add_arguments` and `run`, which returns the exit status: 0 when
it worked, 1 when it did not, and 2 for wrong arguments. `ending` adds those of interruptions.
"""
