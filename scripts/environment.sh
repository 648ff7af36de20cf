#!/bin/sh
# Makes the environment of this checkout, or brings it up to date: environment.sh EXTRA
#
# A virtual environment in $VENV with `pip install --editable .[EXTRA]`. A stamp for each extra
# holds the checksum of pyproject.toml, so that a second call costs nothing. The interpreter is
# $PYTHON, else the first of python3, python3.13, python3.12, python3.11 and python that runs,
# is 3.11 to 3.13 and can make environments; an environment of another interpreter than the
# one asked for is made anew.
set -eu
cd "$(dirname "$0")/.."

extra=${1:?which extra: espeak, dev or espeak,service}
VENV=${VENV:-.venv}
fits='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
whole='import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
base='import os, sys; print(os.path.realpath(sys._base_executable), sys.version.split()[0])'

die() { echo "castbook: $*" >&2; exit 1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        "$PYTHON" -c "$fits" 2>/dev/null ||
            die "$PYTHON is no Python 3.11, 3.12 or 3.13: give another with PYTHON=…"
        "$PYTHON" -c "$whole" 2>/dev/null ||
            die "$PYTHON has no ensurepip: install its venv package (Debian: python3-venv)"
        echo "$PYTHON"
        return
    fi
    for name in python3 python3.13 python3.12 python3.11 python; do
        # names are run, not only looked up: pyenv leaves a python3.13 that only complains
        if "$name" -c "$whole" >/dev/null 2>&1; then echo "$name"; return; fi
    done
    for name in python3 python3.13 python3.12 python3.11 python; do
        if "$name" -c "$fits" >/dev/null 2>&1; then
            die "$name has no ensurepip: install its venv package (Debian: python3-venv)"
        fi
    done
    die "needs Python 3.11, 3.12 or 3.13 and found $(python3 -V 2>/dev/null || echo none):" \
        "install one, or name it with PYTHON=/path/to/python3.12"
}

usable() { # the environment runs, fits, and is of the interpreter that was asked for
    "$VENV/bin/python" -c "$fits" >/dev/null 2>&1 || return 1
    [ -z "${PYTHON:-}" ] && return 0
    [ "$("$PYTHON" -c "$base" 2>/dev/null)" = "$("$VENV/bin/python" -c "$base")" ]
}

if ! usable; then
    python=$(find_python)
    echo "castbook: environment $VENV from $("$python" -V)"
    [ ! -e "$VENV" ] || [ -f "$VENV/pyvenv.cfg" ] ||
        die "$VENV exists and is no environment: move it away, or choose another with VENV=…"
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
fi

# the checkout's place is part of it: an environment that was copied here installs another one
stamp="$VENV/.castbook-$extra"
now="$(pwd) $(cksum < pyproject.toml)"
if [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
    echo "castbook: installing .[$extra] into $VENV: a minute or two"
    "$VENV/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
        --editable ".[$extra]" </dev/null ||
        die "the installation failed: see pip's message above, then run the same command again"
    echo "$now" > "$stamp"
fi
