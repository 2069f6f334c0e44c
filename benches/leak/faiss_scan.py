"""Times FAISS on the shapes of `cargo bench --bench leak -- speed`, on one core.

    python3 -m venv /tmp/faiss && /tmp/faiss/bin/pip install faiss-cpu numpy
    /tmp/faiss/bin/python benches/leak/faiss_scan.py
"""

import os
import time

os.environ["OMP_NUM_THREADS"] = "1"

import faiss  # noqa: E402
import numpy as np  # noqa: E402


def main() -> None:
    faiss.omp_set_num_threads(1)
    chance = np.random.default_rng(7)
    for count in (100_000, 1_000_000):
        rows = chance.standard_normal((count, 256), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        flat = faiss.IndexFlatIP(256)
        packed = faiss.IndexScalarQuantizer(256, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        packed.train(rows[:10_000])
        for name, index in (("IndexFlatIP", flat), ("SQ8", packed)):
            index.add(rows)
            for asked in (1, 16):
                best = float("inf")
                for _ in range(5):
                    begin = time.perf_counter()
                    index.search(rows[:asked], 10)
                    best = min(best, time.perf_counter() - begin)
                print(f"{name}: {count} rows, {asked} queries: {best * 1e3:.2f} ms")
            index.reset()


if __name__ == "__main__":
    main()
