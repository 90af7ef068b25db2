#!/usr/bin/env bash
# Runs the fuzz targets: SECONDS each, all of them or those that are named.
#
#     run.sh SECONDS [TARGET...]
#
# Needs `cargo install cargo-fuzz` and clang's libFuzzer, which libfuzzer-sys brings along. Where the compiler is no nightly it is asked
# to take the flags of one. Seeds are the golden files of formats/tests, and whatever CAIRN_FUZZ_SEEDS holds (a folder, by extension).
# What falls is written to tests/fuzz/artifacts/; mend it, and keep a harmless case of its kind as a test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds="${1:?how many seconds each}"
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets < <(cd fuzz_targets && for file in *.rs; do echo "${file%.rs}"; done)
rustc --version | grep -q nightly || export RUSTC_BOOTSTRAP=1

# The first two bytes of a seed say section, options and cut.
seed() { # target, extension...
    local target="$1" folder="corpus/$1" extension file number=0
    shift
    mkdir -p "$folder"
    for extension in "$@"; do
        while IFS= read -r -d '' file; do
            number=$((number + 1))
            { printf '\0\7'; cat "$file"; } >"$folder/seed-$number-$(basename "$file" | tr -c 'a-zA-Z0-9.\n' _)"
        done < <(find ../../formats/tests/golden ${CAIRN_FUZZ_SEEDS:+"$CAIRN_FUZZ_SEEDS"} -name "*.$extension" -size -64k -print0)
    done
}
seed csv csv tsv txt
seed vcard vcf
seed icalendar ics
seed json json
seed xlsx xlsx
mkdir -p corpus/forms corpus/search corpus/guard
cp ../../compat-api/queries/*.graphql ../bench/graphql/*.graphql corpus/guard/
printf '\0create=lead&name=Ada&email=ada%%40example.com&category=a%%0Ab' >corpus/forms/urlencoded
printf '\3--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n--b--\r\n' >corpus/forms/multipart
printf 'ada -category:"New customers" city:Graz created:2026-01-01..2026-02-01 is:done' >corpus/search/words

for target in "${targets[@]}"; do
    echo "== $target"
    features=()
    grep -A2 "path = \"fuzz_targets/$target.rs\"" Cargo.toml | grep -q required-features && features=(--features server)
    cargo fuzz run --fuzz-dir . "${features[@]}" "$target" -- -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -max_len=65536 \
        -print_final_stats=1 2>&1 | grep -E 'stat::|SUMMARY|panicked|ERROR|DONE|Test unit' || true
    if [ -n "$(ls -A "artifacts/$target" 2>/dev/null)" ]; then echo "FOUND: $(ls "artifacts/$target")"; fi
done
