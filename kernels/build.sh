#!/usr/bin/env bash
# Compiles the kernels, on any machine with Python and a C++ compiler: no GPU, no toolkit.
#
#   kernels/build.sh            compile into kernels/prebuilt and write SHA256SUMS
#   kernels/build.sh --check    compile into a temporary folder and compare with kernels/prebuilt
#
# The compiler comes from pinned wheels, installed once into .test-tools/cuda. 13.0 is the oldest driver that takes what it
# makes. The same sources give the same bytes, so that anybody can check what the binary carries.
#
# Each source becomes intermediate code for compute_80 (later devices compile it when they load it) and machine code for
# sm_80 and sm_90a. A kernel that spills registers to memory is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${OCTROI_CUDA_TOOLS:-$PWD/.test-tools/cuda}
wheels=(nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-runtime==13.0.96)
check=0
[ "${1:-}" != --check ] || check=1

if [ "$(cat "$tools/.installed" 2>/dev/null)" != "${wheels[*]}" ]; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "${wheels[@]}"
  printf '%s\n' "${wheels[*]}" >"$tools/.installed"
fi
root=$(echo "$tools"/lib/python3.*/site-packages/nvidia/cu13)
export PATH=$root/bin:$root/nvvm/bin:$PATH

out=kernels/prebuilt
[ "$check" -eq 0 ] || out=$(mktemp -d)
mkdir -p "$out"
report=$(mktemp)
trap 'rm -f "$report"; [ "$check" -eq 0 ] || rm -rf "$out"' EXIT

for source in kernels/*.cu; do
  name=$(basename "$source" .cu)
  # Relative paths and no debug information: nothing of this machine enters the output.
  common=(-O3 -std=c++17 -I kernels)
  arches=(80 90a)
  # The warpgroup's own products exist on Hopper alone.
  case $name in *_wgmma) arches=(90a) ;; *) nvcc "${common[@]}" -ptx -gencode=arch=compute_80,code=compute_80 "$source" -o "$out/$name.ptx" ;; esac
  for arch in "${arches[@]}"; do
    nvcc "${common[@]}" -cubin "-gencode=arch=compute_$arch,code=sm_$arch" -Xptxas -v "$source" \
      -o "$out/$name.sm_$arch.cubin" 2>"$report" || { cat "$report" >&2; exit 1; }
    awk -v arch="sm_$arch" '
      /error|warning|Performance Loss/ { print; bad = 1 }
      /Compiling entry function/ { split($0, part, "\x27"); kernel = part[2] }
      /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
      /Used [0-9]+ registers/ {
        match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5)
        printf "%-8s %-28s %3d registers, %d bytes spilled\n", arch, kernel, registers, stores + loads
        if (stores + loads > 0) bad = 1
      }
      END { exit bad }' "$report" || { echo "$name: a kernel spills registers, or the compiler warns" >&2; exit 1; }
  done
done

if [ "$check" -eq 1 ]; then
  (cd "$out" && sha256sum --check --strict "$OLDPWD/kernels/prebuilt/SHA256SUMS")
  (cd "$out" && ls) | diff - <(cd kernels/prebuilt && ls | grep -v SHA256SUMS)
  echo "kernels/prebuilt is what the sources give"
else
  (cd "$out" && sha256sum -- * | grep -v SHA256SUMS >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
fi
