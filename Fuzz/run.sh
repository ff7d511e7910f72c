#!/usr/bin/env bash
# Feeds mutated files to every reader of untrusted input: Fuzz/run.sh SECONDS [TARGET...]
#
# SECONDS are for each target. Ends with 1 at the first trap, memory error, hang (5 seconds for one file) or use of more than
# 1 GiB; the file that did it stays in Fuzz/findings. The number of runs is bounded as well, so a fast machine is done sooner.
set -euo pipefail
seconds=${1:?usage: Fuzz/run.sh SECONDS [TARGET...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(zip npy gzip idx pt2)

# gold, Swift's default linker on Linux, fails on the sanitizer's symbols.
linker=()
[ "$(uname)" = Linux ] && linker=(-Xswiftc -use-ld=lld)
build=(swift build --package-path "$here" -c release --product Fuzz -Xswiftc -sanitize=fuzzer,address "${linker[@]}")
"${build[@]}"
fuzz=$("${build[@]}" --show-bin-path)/Fuzz

corpus=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$corpus"' EXIT
mkdir -p "$here/findings"
# Leak detection needs ptrace, which containers withhold.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
run() {
  local target=$1 log=$corpus/$1.log
  "$fuzz" "$target" --seeds "$corpus/$target"
  if ! "$fuzz" "$target" -max_total_time="$seconds" -runs=2000000 -timeout=5 -rss_limit_mb=1024 -max_len=65536 \
    -detect_leaks=0 -verbosity=0 -print_final_stats=1 -artifact_prefix="$here/findings/$target-" "$corpus/$target" \
    >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "Fuzz/run.sh: $target: a file that is not handled is in $here/findings" >&2
    return 1
  fi
  printf '== %s: %s s\n%s\n' "$target" "$seconds" \
    "$(grep -E "^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)" "$log" || tail -n 5 "$log")"
}

# As many targets at a time as there are cores.
cores=$(nproc 2>/dev/null || echo 1)
running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "$cores" ]; then
    wait -n || exit 1
    running=$((running - 1))
  fi
  run "$target" &
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
  wait -n || exit 1
  running=$((running - 1))
done
