"""Triton itself, from the wheel of nvidia-pytriton, with a repository of Python models of ours.

    python server.py [--record FILE] [--load NAME ...] [--tls-certificate PEM --tls-key PEM [--tls-client-ca PEM]]
                     [--require-header NAME=VALUE]

Model control is explicit: all models are loaded unless some are named, and the rest can be loaded over gRPC.
"""

import argparse
import ctypes
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import uuid

folder = pathlib.Path(__file__).resolve().parent
sys.path.append(str(folder.parent / "shared"))

from lifetime import announce, end_with_starter  # noqa: E402

# gRPC metadata that a model gets to see, among the request's parameters; calls.py tells the two apart again.
FORWARDED = "(x-.*|traceparent|tracestate|authorization|user-agent|triton_grpc_error)"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--record")
    options.add_argument("--load", action="append")
    options.add_argument("--tls-certificate")
    options.add_argument("--tls-key")
    options.add_argument("--tls-client-ca")
    options.add_argument("--require-header")
    chosen = options.parse_args()

    home = pathlib.Path(tempfile.mkdtemp(prefix="triton-"))
    region = f"triton-{uuid.uuid4().hex}-"
    adopt_orphans()
    reserved = reserve_port()
    port = reserved.getsockname()[1]
    server = subprocess.Popen(
        command(chosen, home, region, port),
        cwd=home,
        env=environment(chosen.record),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=die_with_parent,
    )

    stopping = threading.Lock()

    def stop() -> None:
        # Whoever comes second waits here for the process to end.
        stopping.acquire()
        # A graceful end takes Triton two seconds; nothing here is worth them.
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        reap(server.pid)
        shutil.rmtree(home, ignore_errors=True)
        for left in pathlib.Path("/dev/shm").glob(region + "*"):
            left.unlink(missing_ok=True)

    end_with_starter(stop)
    log = []
    for line in server.stdout:
        log = [*log[-200:], line]
        if "Started GRPCInferenceService" in line:
            announce(grpc=port)
    stop()
    sys.stderr.write("".join(log))
    sys.exit("tritonserver has ended")


def command(chosen: argparse.Namespace, home: pathlib.Path, region: str, port: int) -> list[str]:
    triton = distribution()
    models = home / "models"
    shutil.copytree(folder / "models", models, ignore=shutil.ignore_patterns("__pycache__"))
    for model in models.iterdir():
        # An ensemble has nothing in its version, and a repository under Git no empty folder.
        (model / "1").mkdir(exist_ok=True)
    return [
        str(triton / "bin" / "tritonserver"),
        f"--model-repository={models}",
        f"--backend-directory={backends(triton, home)}",
        f"--backend-config=python,shm-region-prefix-name={region}",
        "--model-control-mode=explicit",
        *(f"--load-model={name}" for name in chosen.load or ["*"]),
        "--allow-http=false",
        "--allow-metrics=false",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={port}",
        "--reuse-grpc-port=true",
        f"--grpc-header-forward-pattern={FORWARDED}",
        *tls(chosen),
        *([] if chosen.require_header is None else [f"--grpc-restricted-protocol=inference:{chosen.require_header}"]),
    ]


def distribution() -> pathlib.Path:
    # Found and not imported: its Python side needs packages that are not installed.
    return pathlib.Path(importlib.util.find_spec("pytriton").origin).parent / "tritonserver"


def backends(triton: pathlib.Path, home: pathlib.Path) -> pathlib.Path:
    """The wheel's Python backend with the stub of this interpreter, and ours written in Python."""
    found = home / "backends"
    shutil.copytree(folder / "backends", found, ignore=shutil.ignore_patterns("__pycache__"))
    (found / "python").mkdir()
    # The embedded interpreter takes no PYTHONPATH and looks into this folder.
    for file in [folder / "calls.py", folder / "trtllm.py", *(folder.parent / "shared").glob("*.py")]:
        (found / "python" / file.name).symlink_to(file)
    stub = triton / "python_backend_stubs" / sysconfig.get_python_version() / "triton_python_backend_stub"
    for file in [*(triton / "backends" / "python").iterdir(), stub]:
        if file.is_file() and not (found / "python" / file.name).exists():
            shutil.copy(file, found / "python" / file.name)
    return found


def tls(chosen: argparse.Namespace) -> list[str]:
    if chosen.tls_certificate is None:
        return []
    files = [f"--grpc-server-cert={chosen.tls_certificate}", f"--grpc-server-key={chosen.tls_key}"]
    if chosen.tls_client_ca is None:
        return ["--grpc-use-ssl=true", *files]
    return ["--grpc-use-ssl-mutual=true", *files, f"--grpc-root-cert={chosen.tls_client_ca}"]


def environment(record: str | None) -> dict[str, str]:
    libraries = [str(distribution().parents[1] / "nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR")]
    return {
        **os.environ,
        # The stub embeds Python, which finds its environment by the first interpreter on the path.
        "PATH": f"{sys.prefix}/bin:{os.environ.get('PATH', '')}",
        "LD_LIBRARY_PATH": ":".join(libraries),
        "RECORD": "" if record is None else str(pathlib.Path(record).resolve()),
    }


def reserve_port() -> socket.socket:
    """Bound and not listening: nobody else gets the port, and Triton, which shares it, gets all the calls."""
    held = socket.socket(socket.AF_INET)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", 0))
    return held


def die_with_parent() -> None:
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def adopt_orphans() -> None:
    """The stubs of a killed Triton become children of this process, which waits for them."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1)


def reap(group: int) -> None:
    try:
        while True:
            os.waitpid(-group, 0)
    except ChildProcessError:
        pass


if __name__ == "__main__":
    main()
