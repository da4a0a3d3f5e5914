"""OpenCV's GrabCut on the cases of select_bench: one click as a disc that is surely the thing, a circle as what may be it.

    python grabcut.py CASES [RESULTS]
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

cases = Path(sys.argv[1])
results = Path(sys.argv[2]) if len(sys.argv) > 2 else None
if results:
    results.mkdir(parents=True, exist_ok=True)


def cut(picture, mask):
    cv2.setRNGSeed(1)
    start = time.perf_counter()
    try:
        cv2.grabCut(picture, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # It refuses masks without any ground.
        pass
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)), time.perf_counter() - start


def iou(found, matte):
    return (found & matte).sum() / max((found | matte).sum(), 1)


clicks, circles, seconds = [], [], []
for line in (cases / "cases.tsv").read_text().splitlines()[1:]:
    name, kind, click, circle = line.split("\t")
    picture = cv2.imread(str(cases / f"{name}.png"))
    matte = cv2.imread(str(cases / f"{name}_matte.png"), cv2.IMREAD_GRAYSCALE) >= 128
    # Of a click nothing more is known than that the rim of the picture is hardly the thing.
    mask = np.full(matte.shape, cv2.GC_PR_BGD, np.uint8)
    mask[[0, -1], :] = mask[:, [0, -1]] = cv2.GC_BGD
    x, y = map(int, click.split(","))
    radius = max(3, min(matte.shape) // 50)
    cv2.circle(mask, (x, y), 4 * radius, cv2.GC_PR_FGD, -1)
    cv2.circle(mask, (x, y), radius, cv2.GC_FGD, -1)
    by_click, a = cut(picture, mask)
    mask = np.full(matte.shape, cv2.GC_BGD, np.uint8)
    corners = np.array([[float(v) for v in corner.split(",")] for corner in circle.split(" ")])
    cv2.fillPoly(mask, [corners.round().astype(np.int32)], cv2.GC_PR_FGD)
    by_circle, b = cut(picture, mask)
    clicks.append(iou(by_click, matte))
    circles.append(iou(by_circle, matte))
    seconds.append((a, b))
    print(f"{name}\t{clicks[-1]:.3f}\t{circles[-1]:.3f}\t{kind}")
    if results:
        cv2.imwrite(str(results / f"{name}_click.png"), by_click * np.uint8(255))
        cv2.imwrite(str(results / f"{name}_circle.png"), by_circle * np.uint8(255))
print(f"median IoU: click {np.median(clicks):.3f} (mean {np.mean(clicks):.3f}), circle {np.median(circles):.3f} (mean {np.mean(circles):.3f})")
print("median ms: click {:.0f}, circle {:.0f}".format(*(1000 * np.median(seconds, axis=0))))
