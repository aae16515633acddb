"""BrainWeb, the simulated brain with multiple sclerosis: one head, T1, T2 and PD, lesions of moderate extent.

Archives as in `brainweb`, named `t2_ai_msles2_1mm_pn3_rf20.rawb` and `phantom_1.0mm_msles2_crisp.rawb`. Images are
published for the moderate case (msles2) alone; the tissue maps msles1 and msles3 show other lesions and are left out.
The anatomy is that of the normal brain. No FLAIR.

Licence: free to use with citation. Cite: Cocosco et al. 1997; Collins et al. 1998, doi:10.1109/42.712135;
Kwan et al. 1999, doi:10.1109/42.816072.
"""

from pathlib import Path

import pandas as pd

from brainuad.datasets import brainweb
from brainuad.datasets.reader import table

LABELS = {1: "lesion"}
HEALTHY = False
PATIENTS = brainweb.PATIENTS

convert = brainweb.convert


def index(roots: list[Path]) -> pd.DataFrame:
    """One row, the simulated person."""
    return table(brainweb.find(roots, "msles2"), HEALTHY)
