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

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

FONTS = [str(path) for path in Path("/usr/share/fonts").rglob("*.ttf")]
WORDS = "Sample Preview Studio Archive North Photo Copy Draft Garden Light".split()


def logo(dice, size):
    """A mark and its opacity, drawn large and reduced, as logos are."""
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
    """Draws the mark; gives by how many levels it changes what it covers."""
    size = (max(1, round(mark.width * scale)), max(1, round(mark.height * scale)))
    alpha = mark.resize(size, Image.LANCZOS).point(lambda v: int(v * opacity))
    box = (*place, place[0] + size[0], place[1] + size[1])
    before = photo.crop(box).convert("L")
    photo.paste(Image.new("RGB", size, colour), place, alpha)
    change = ImageChops.difference(before, photo.crop(box).convert("L"))
    return ImageStat.Stat(change, alpha.point(lambda v: 255 if v > 10 else 0)).mean[0]


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
        made = lambda: dice.choice([logo, words])(dice, dice.choice([40, 70, 120, 200]))
        mark, opacity = made(), dice.choice([0.3, 0.5, 0.7, 1.0])
        colour = dice.choice([(255, 255, 255), (255, 255, 255), (0, 0, 0), (220, 30, 40)])

        def place(photo, size):
            return tuple(dice.randint(4, max(5, side - own - 5)) for side, own in zip(photo.size, size))

        def marked(scale, least):
            """A picture with the mark where it can be seen, and its place; none where no picture has room."""
            for _ in range(40):
                photo = photograph()
                size = (round(mark.width * scale), round(mark.height * scale))
                if size[0] + 12 > photo.width or size[1] + 12 > photo.height:
                    continue
                there = place(photo, size)
                if put(photo, mark, there, scale, colour, opacity) >= least:
                    return photo, there
            return None

        found = marked(1, 20)
        if not found:
            continue
        source, at = found
        os.makedirs(folder, exist_ok=True)
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
            name = f"target-{number}.png"
            if number < 4:
                scale = 1 if number < 2 else dice.uniform(0.82, 1.2)
                found = marked(scale, 12)
                if not found:
                    continue
                target, there = found
                rows.append(f"{name}\t{there[0] - off[0] * scale:.1f}\t{there[1] - off[1] * scale:.1f}\t{scale:.3f}")
            else:
                target = photograph()
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
