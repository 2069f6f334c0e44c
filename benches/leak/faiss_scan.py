"""Times FAISS and `cargo bench --bench leak -- scan` on the same shapes, on one core, in one run, and prints the ratios.

    python3 benches/leak/faiss_scan.py

It installs `faiss-cpu` and `numpy` into `target/faiss` once. The two take turns, so that what else the machine does falls on both;
of each the best turn counts. FAISS returns the ten nearest rows, octroi every row above a threshold. FAISS multiplies matrices
from 20 queries on; with 16 it goes row by row, unless it is told to multiply (`as matrices`): that is timed too. Exit status: 0
when the bars hold (10 times IndexFlatIP in either way, 5 times SQ8, with 16 queries), else 1.
"""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "target" / "faiss"
PACKAGES = ["faiss-cpu==1.15.1", "numpy>=2,<3"]
TURNS = 3
COUNTS = (100_000, 1_000_000)
BARS = {"IndexFlatIP": 10, "IndexFlatIP as matrices": 10, "SQ8": 5}


def install() -> None:
    """Begins again under an interpreter that has FAISS."""
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OCTROI_FAISS="installed")
    sys.exit(subprocess.run([python, __file__], env=environment, check=False).returncode)


def ours() -> dict[tuple[int, int], float]:
    """Milliseconds by rows and queries."""
    command = ["cargo", "bench", "--quiet", "--bench", "leak", "--", "scan"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = re.findall(r"scan of (\d+) rows with (\d+) queries: ([\d.]+) ms", told)
    return {(int(rows), int(asked)): float(taken) for rows, asked, taken in lines}


class Faiss:
    """The indexes, filled once."""

    def __init__(self) -> None:
        import faiss
        import numpy as np

        faiss.omp_set_num_threads(1)
        self.faiss = faiss
        chance = np.random.default_rng(7)
        self.indexes = {}
        self.queries = chance.standard_normal((16, 256), dtype=np.float32)
        self.queries /= np.linalg.norm(self.queries, axis=1, keepdims=True)
        for count in COUNTS:
            rows = chance.standard_normal((count, 256), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            packed = faiss.IndexScalarQuantizer(256, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
            packed.train(rows[:10_000])
            for name, index in (("IndexFlatIP", faiss.IndexFlatIP(256)), ("SQ8", packed)):
                index.add(rows)
                self.indexes[name, count] = index

    def times(self) -> dict[tuple[str, int, int], float]:
        """Milliseconds by index, rows and queries."""
        from time import perf_counter

        found = {}
        usual = self.faiss.cvar.distance_compute_blas_threshold
        for (name, count), index in self.indexes.items():
            ways = [(name, usual)] + ([(f"{name} as matrices", 1)] if name == "IndexFlatIP" else [])
            for way, threshold in ways:
                self.faiss.cvar.distance_compute_blas_threshold = threshold
                for asked in (1, 16):
                    best = float("inf")
                    for _ in range(3):
                        begin = perf_counter()
                        index.search(self.queries[:asked], 10)
                        best = min(best, perf_counter() - begin)
                    found[way, count, asked] = best * 1e3
        return found


def main() -> int:
    if "OCTROI_FAISS" not in os.environ:
        install()
    theirs, mine = {}, {}
    index = Faiss()
    for _ in range(TURNS):
        for key, taken in index.times().items():
            theirs[key] = min(taken, theirs.get(key, float("inf")))
        for key, taken in ours().items():
            mine[key] = min(taken, mine.get(key, float("inf")))
    print(f"faiss {index.faiss.__version__}, load {os.getloadavg()[0]:.1f}, best of {TURNS} turns\n")
    print("| rows | queries | ours | " + " | ".join(BARS) + " |\n|---|---|---|" + "---|" * len(BARS))
    is_met = True
    for count in COUNTS:
        for asked in (1, 16):
            cells = []
            for name, bar in BARS.items():
                ratio = theirs[name, count, asked] / mine[count, asked]
                cells.append(f"{theirs[name, count, asked]:.2f} ms ({ratio:.1f} times)")
                is_met &= asked == 1 or ratio >= bar
            print(f"| {count} | {asked} | {mine[count, asked]:.2f} ms | " + " | ".join(cells) + " |")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
