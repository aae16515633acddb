"""How well erased squares of healthy slices are filled in (Nguyen et al. 2021, Table 1)."""

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

TOP = 255.0


def similarity(image: np.ndarray, inpainted: np.ndarray, inside: tuple[slice, slice]) -> dict[str, float]:
    """PSNR in dB and SSIM of an inpainted slice (H, W), and of the erased square `inside` alone.

    Both slices are stretched to [0, 255] before, as for the heatmaps. SSIM has a Gaussian window of 11 pixels with a
    sigma of 1.5; its mean over the square counts the square alone.
    """
    x, made = stretch(image), stretch(inpainted)
    ssim, everywhere = structural_similarity(
        x, made, data_range=TOP, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    return {
        "psnr": float(peak_signal_noise_ratio(x, made, data_range=TOP)),
        "ssim": float(ssim),
        "psnr_window": float(peak_signal_noise_ratio(x[inside], made[inside], data_range=TOP)),
        "ssim_window": float(everywhere[inside].mean()),
    }


def stretch(image: np.ndarray) -> np.ndarray:
    """The values of a slice (H, W) stretched to [0, 255]; 0 for a slice of one value."""
    low, high = float(image.min()), float(image.max())
    return TOP * (image.astype(np.float64) - low) / (high - low if high > low else 1.0)
