"""A Kubernetes control plane of plain processes on its own address. Several can run side by side."""

import shutil
import stat
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .api import Api
from .process import Process
from .programs.build import program

TOKEN = "desired-admin"
_SERVICES = "10.96.0.0/16"


class ControlPlane:
    """etcd, API server, controller manager and scheduler of one cluster.

    `folder` holds what they write and the `kubeconfig` of an administrator.
    """

    api: Api

    def __init__(self, folder: Path, address: str, data: Path | None = None, controllers: str = "*") -> None:
        """`address` is one that this machine answers for; `data` is what etcd begins with (a folder).

        `controllers` is the controller manager's option of that name.
        """
        self.folder = folder
        self.address = address
        self._processes: list[Process] = []
        self._controllers = controllers
        self._begins_with_data = data is not None
        folder.mkdir(parents=True)
        if data is not None:
            shutil.copytree(data, folder / "etcd")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of this cluster's administrator."""
        return self.folder / "kubeconfig"

    def stop(self, gently: bool = False) -> None:
        """Stops all processes, the last one first."""
        for process in reversed(self._processes):
            process.stop(gently)

    def _start(self) -> None:
        self._etcd()
        self._api_server()
        self._write_kubeconfig()
        self._controller_manager()
        self._scheduler()

    def _etcd(self) -> None:
        client, peer = f"http://{self.address}:2379", f"http://{self.address}:2380"
        self._run(
            "etcd",
            data_dir=self.folder / "etcd",
            listen_client_urls=client,
            advertise_client_urls=client,
            listen_peer_urls=peer,
            initial_advertise_peer_urls=peer,
            initial_cluster=f"default={peer}",
            force_new_cluster=self._begins_with_data,  # the data was written at another address
            unsafe_no_fsync=True,
            log_level="warn",
        )

    def _api_server(self) -> None:
        self._service_account_key()
        users = self.folder / "users.csv"
        users.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        users.write_text(f'{TOKEN},admin,admin,"system:masters"\n', encoding="utf-8")
        server = self._run(
            "kube-apiserver",
            etcd_servers=f"http://{self.address}:2379",
            bind_address=self.address,
            advertise_address=self.address,
            secure_port=6443,
            cert_dir=self.folder / "certificates",
            token_auth_file=users,
            authorization_mode="RBAC",
            service_account_issuer="https://kubernetes.default.svc",
            service_account_key_file=self._key,
            service_account_signing_key_file=self._key,
            service_cluster_ip_range=_SERVICES,
            endpoint_reconciler_type="none",
            allow_privileged=True,
        )
        server.ready(self._authority.exists)
        self.api = Api(f"https://{self.address}:6443", self._authority, TOKEN)
        server.ready(self.api.ready)

    def _controller_manager(self) -> None:
        self._run(
            "kube-controller-manager",
            **self._as_component(10257),
            controllers=self._controllers,
            service_account_private_key_file=self._key,
            root_ca_file=self._authority,
            use_service_account_credentials=True,
            horizontal_pod_autoscaler_sync_period="2s",  # the default is 15, and tests wait for the first sync
        )

    def _scheduler(self) -> None:
        self._run("kube-scheduler", **self._as_component(10259))

    def _as_component(self, port: int) -> dict[str, str | Path | int | bool]:
        return {
            "kubeconfig": self.kubeconfig,
            "bind_address": self.address,
            "secure_port": port,
            "cert_dir": self.folder / "certificates" / str(port),
            "leader_elect": False,
            # The defaults, 20 and 50 requests a second, make tests slow.
            "kube_api_qps": 500,
            "kube_api_burst": 1000,
        }

    def _run(self, name: str, **options: str | Path | int | bool) -> Process:
        words = [f"--{key.replace('_', '-')}={_said(value)}" for key, value in options.items()]
        process = Process([program(name), *words], self.folder / "logs" / f"{name}.log", {"HOME": str(self.folder)})
        self._processes.append(process)
        return process

    @property
    def _authority(self) -> Path:
        """The self-signed certificate of the API server."""
        return self.folder / "certificates" / "apiserver.crt"

    @property
    def _key(self) -> Path:
        return self.folder / "service-account.key"

    def _service_account_key(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
        self._key.write_bytes(key.private_bytes(*pem, serialization.NoEncryption()))

    def _write_kubeconfig(self) -> None:
        cluster = {"server": f"https://{self.address}:6443", "certificate-authority": str(self._authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "admin"}}],
            "current-context": "it",
        }
        self.kubeconfig.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        self.kubeconfig.write_text(yaml.safe_dump(content), encoding="utf-8")


def _said(value: str | Path | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
