"""A stranger's picture in, a plain one out: decoded within bounds and written anew, without its metadata."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from engine.errors import ParseError
from engine.types import Picture

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")  # of all that Pillow reads: those that feeds name, with well-tested decoders
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 30_000
SHOWN_WIDTH, SHOWN_HEIGHT = 1600, 6000  # at most so large is kept
TRACKER_PIXELS = 3
PLAIN_BYTES = 3 << 20  # a picture with transparency that needs more is laid on white
_QUALITY = 85

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def read_picture(body: bytes, url: str) -> Picture:
    """Decode the first frame, turn it upright, shrink it and write it as JPEG, or as PNG where it is transparent.

    Raises:
        ParseError: no picture of a known format, a damaged one, one too large, or one of a tracker's size.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(body), formats=FORMATS) as opened:
                _check(*opened.size)
                opened.draft("RGB", (SHOWN_WIDTH, SHOWN_HEIGHT))  # JPEG: decoded at a fraction of its size
                image = ImageOps.exif_transpose(opened)
                clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
                image = image.convert("RGBA" if clear else "RGB")
    except Image.DecompressionBombError:
        raise ParseError("The picture is too large to be shown.") from None
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, KeyError, OverflowError, MemoryError):
        kind = "SVG, which Millpond does not show" if b"<svg" in body[:2000].lower() else "no picture that Millpond can read"
        raise ParseError(f"The address leads to {kind}.") from None
    image.thumbnail((SHOWN_WIDTH, SHOWN_HEIGHT), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.mode == "RGBA" and image.getchannel("A").getextrema()[0] == 255:
        image = image.convert("RGB")
    out = io.BytesIO()
    if image.mode == "RGBA":
        image.save(out, "PNG")
        if out.tell() <= PLAIN_BYTES:
            return Picture(url=url, mime="image/png", width=image.width, height=image.height, data=out.getvalue())
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image, out = white, io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return Picture(url=url, mime="image/jpeg", width=image.width, height=image.height, data=out.getvalue())


def _check(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise ParseError("The picture is too large to be shown.")
    if max(width, height) <= TRACKER_PIXELS:
        raise ParseError("The picture is a tracking pixel; it is left out.")
