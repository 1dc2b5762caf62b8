# The same commands as in scripts/, for those who like to type `just`.

_default:
    @just --list

# Build the program in release mode
build:
    scripts/build

# Run every check, or the sections named
test *sections:
    scripts/test {{ sections }}

# Formatter, linters and shellcheck
lint:
    scripts/test format lint shell

# Licences and sources of the dependencies (needs cargo-deny)
deny:
    cargo deny --locked check bans licenses sources

# Measure, and write the results into docs/benchmarks.md (all, or for example `--bench no_op`)
bench *arguments:
    AMIABLE_UPDATE_BENCHMARKS=1 cargo bench --locked {{ arguments }}

# Signal the driver at every record of its journal, and kill replacements of every kind at each of their AWS requests (the tests do a sample)
kill-matrix:
    cargo test --locked --test kill_matrix -- --ignored --exact matrix::every_record --nocapture
    AMIABLE_KILL_MATRIX_ONE_IN=1 cargo test --locked --test images -- --include-ignored --test-threads 1 --nocapture kill_matrix misfortune
