"""`python -m cli`: what `./kembar` runs once the environment is there."""

from cli.commands import main

if __name__ == "__main__":
    main()
