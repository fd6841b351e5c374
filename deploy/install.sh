#!/bin/sh
# Install what these extras of the project need, every file checked against its hash in the lock; then leave out what nobody reads
# there: how other languages than ours write dates, and sources that were compiled.
set -eu
python -m cli.lock "$@" > wanted.lock
/installer/bin/pip --python /venv/bin/python install --quiet --no-cache-dir --no-deps --require-hashes -r wanted.lock
find /venv -path '*/babel/locale-data/*' ! -name root.dat ! -name id.dat ! -name en.dat -delete
find /venv -name '*.c' -delete
