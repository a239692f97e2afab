"""What few programs use works under PyTorch's names, and prints as there."""

from __future__ import annotations

from tests.running.conftest import Run


def test_fourier_transforms_are_found_by_every_way_of_importing_them(run: Run) -> None:
    done = run(
        """
        import torch
        import torch.fft as fft
        from torch.fft import rfft, irfft
        x = torch.tensor([0.0, 1.0, 0.0, -1.0])
        print(torch.fft.fft(x).dtype, fft.fftfreq(4), torch.allclose(irfft(rfft(x)), x), rfft is torch.fft.rfft)
        """
    )
    assert done.stdout == "torch.complex64 tensor([ 0.0000,  0.2500, -0.5000, -0.2500]) True True\n", done.stderr


def test_storages_and_named_results_print_as_pytorchs(run: Run) -> None:
    done = run(
        """
        import torch
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        print(x.t().storage())
        print(type(x.storage()), x.storage().dtype, x[:1].untyped_storage().nbytes())
        print(x.untyped_storage() == x.t().untyped_storage(), x.storage_offset(), x[1].storage_offset())
        print(torch.frexp(x[0]))
        print(torch.linalg.inv_ex(torch.eye(1)).info, torch.linalg.eig(torch.eye(1)))
        print(torch.linalg.cholesky_ex(torch.eye(1)))
        """
    )
    assert done.stdout.splitlines() == [
        " 1.0", " 2.0", " 3.0", " 4.0",
        "[torch.storage.TypedStorage(dtype=torch.float32, device=cpu) of size 4]",
        "<class 'torch.storage.TypedStorage'> torch.float32 16",
        "True 0 2",
        "torch.return_types.frexp(",
        "mantissa=tensor([0.5000, 0.5000]),",
        "exponent=tensor([1, 2], dtype=torch.int32))",
        "tensor(0, dtype=torch.int32) torch.return_types.linalg_eig(",
        "eigenvalues=tensor([1.+0.j]),",
        "eigenvectors=tensor([[1.+0.j]]))",
        "torch.return_types.linalg_cholesky_ex(",
        "L=tensor([[1.]]),",
        "info=tensor(0, dtype=torch.int32))",
    ], done.stderr  # fmt: skip
