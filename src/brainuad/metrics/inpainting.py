"""How well erased squares of healthy slices are filled in (Nguyen et al. 2021, Table 1)."""

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

TOP = 255.0


def similarity(
    image: np.ndarray, masked: np.ndarray, inpainted: np.ndarray, inside: tuple[slice, slice]
) -> dict[str, float]:
    """PSNR in dB and SSIM of an inpainted slice (H, W), of the erased square `inside` alone, and of the `masked` slice.

    All slices are stretched to [0, 255] before, as for the heatmaps. SSIM has a Gaussian window of 11 pixels with a
    sigma of 1.5; that of the square is the mean over its pixels, whose windows reach beyond it. What a slice has with
    its square left as it was erased is no merit of any network: of small squares it is high.
    """
    x, made, left = stretch(image), stretch(inpainted), stretch(masked)
    kernel = {"data_range": TOP, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    ssim, everywhere = structural_similarity(x, made, full=True, **kernel)
    return {
        "psnr": float(peak_signal_noise_ratio(x, made, data_range=TOP)),
        "ssim": float(ssim),
        "psnr_window": float(peak_signal_noise_ratio(x[inside], made[inside], data_range=TOP)),
        "ssim_window": float(everywhere[inside].mean()),
        "psnr_erased": float(peak_signal_noise_ratio(x, left, data_range=TOP)),
        "ssim_erased": float(structural_similarity(x, left, **kernel)),
    }


def stretch(image: np.ndarray) -> np.ndarray:
    """The values of a slice (H, W) stretched to [0, 255]; 0 for a slice of one value."""
    low, high = float(image.min()), float(image.max())
    return TOP * (image.astype(np.float64) - low) / (high - low if high > low else 1.0)
