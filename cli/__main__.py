"""`python -m cli`: what `./kembar` runs once the environment is there."""

if __name__ == "__main__":
    from cli.commands import main  # a process that checks a file reads this module too, and needs nothing of it

    main()
