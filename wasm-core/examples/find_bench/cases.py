#!/usr/bin/env python3
"""Makes pictures with the same mark, and pictures without it, for `find_bench`.

    cases.py PHOTOGRAPHS OUT [--seed N] [--cases N]

Each case is a folder with `source.png` (a picture with a mark), `mask.png` (what a user paints over it) and some `target-N.png`. `truth.tsv` has the
left and top end of what was painted in each target and how many times as large the mark is there; nothing for a target without the mark: half of those
carry another mark. Needs numpy and pillow.
"""
import argparse
import os
import random
import string
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = [str(path) for path in Path("/usr/share/fonts").rglob("*.ttf")]
WORDS = "Sample Preview Studio Archive North Photo Copy Draft Garden Light".split()


def logo(dice, size):
    """A grey mark and its opacity, drawn large and reduced, as logos are."""
    big = Image.new("L", (size * 4, size * 4), 0)
    draw = ImageDraw.Draw(big)
    for _ in range(dice.randint(2, 4)):
        x, y = dice.randint(0, size * 2), dice.randint(0, size * 2)
        w, h = dice.randint(size, size * 2), dice.randint(size, size * 2)
        shape = dice.choice([draw.ellipse, draw.rectangle])
        shape((x, y, x + w, y + h), outline=255, width=dice.randint(size // 8, size // 3))
    return big.resize((size, size), Image.LANCZOS)


def words(dice, size):
    """A line or two of text as opacity."""
    text = " ".join(dice.sample(WORDS, dice.randint(1, 2)))
    if dice.random() < 0.3:
        text += "\n" + "".join(dice.choices(string.digits, k=6))
    font = ImageFont.truetype(dice.choice(FONTS), max(14, size // 3)) if FONTS else ImageFont.load_default(size // 3)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font)
    mark = Image.new("L", (int(box[2]) + 4, int(box[3]) + 4), 0)
    ImageDraw.Draw(mark).multiline_text((2, 2), text, 255, font=font)
    return mark.rotate(dice.choice([0, 0, 0, 30]), expand=True)


def put(photo, mark, place, scale, colour, opacity):
    size = (max(1, round(mark.width * scale)), max(1, round(mark.height * scale)))
    alpha = mark.resize(size, Image.LANCZOS).point(lambda v: int(v * opacity))
    photo.paste(Image.new("RGB", size, colour), place, alpha)
    return size


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("photographs", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--cases", type=int, default=12)
    chosen = arguments.parse_args()
    dice = random.Random(chosen.seed)
    photographs = sorted(p for p in chosen.photographs.iterdir() if p.suffix in (".png", ".jpg"))

    def photograph():
        photo = Image.open(dice.choice(photographs)).convert("RGB")
        side = dice.choice([700, 1000, 1600])
        return photo.resize((side, round(side * photo.height / photo.width)), Image.BICUBIC)

    for case in range(chosen.cases):
        folder = chosen.out / f"{case:02}"
        os.makedirs(folder, exist_ok=True)
        made = lambda: dice.choice([logo, words])(dice, dice.choice([40, 70, 120, 200]))
        mark, opacity = made(), dice.choice([0.3, 0.5, 0.7, 1.0])
        colour = dice.choice([(255, 255, 255), (255, 255, 255), (0, 0, 0), (220, 30, 40)])

        def place(photo, size):
            return tuple(dice.randint(4, max(5, side - own - 5)) for side, own in zip(photo.size, size))

        source = photograph()
        at = place(source, mark.size)
        put(source, mark, at, 1, colour, opacity)
        source.save(folder / "source.png")
        painted = Image.new("L", source.size, 0)
        if dice.random() < 0.5:
            painted.paste(255, (at[0] - 4, at[1] - 4, at[0] + mark.width + 4, at[1] + mark.height + 4))
        else:
            painted.paste(mark.point(lambda v: 255 if v > 20 else 0), at)
            painted = painted.filter(ImageFilter.MaxFilter(9))
        painted.save(folder / "mask.png")
        box = painted.getbbox()
        off = (at[0] - box[0], at[1] - box[1])
        rows = []
        for number in range(6):
            target, name = photograph(), f"target-{number}.png"
            if number < 4:
                scale = 1 if number < 2 else dice.uniform(0.82, 1.2)
                size = (round(mark.width * scale), round(mark.height * scale))
                if size[0] + 12 > target.width or size[1] + 12 > target.height:
                    continue
                there = place(target, size)
                put(target, mark, there, scale, colour, opacity)
                rows.append(f"{name}\t{there[0] - off[0] * scale:.1f}\t{there[1] - off[1] * scale:.1f}\t{scale:.3f}")
            else:
                if number == 5:
                    other = made()
                    put(target, other, place(target, other.size), 1, colour, opacity)
                rows.append(name)
            if dice.random() < 0.3:
                target.save(folder / "x.jpg", quality=85)
                target = Image.open(folder / "x.jpg")
                target.load()
                os.remove(folder / "x.jpg")
            target.save(folder / name)
        (folder / "truth.tsv").write_text("\n".join(rows) + "\n")


main()
