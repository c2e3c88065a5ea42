"""Arrays, named by what they hold. numpy takes longer to load than the rest of the first screen, so nobody loads it for a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]  # (n, d), unit length unless said otherwise
    Floats = NDArray[np.float32]
    Ids = NDArray[np.int64]
else:
    Vectors = Floats = Ids = Any
