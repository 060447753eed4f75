"""Servers that OpenSSL lets speak as nobody should any more: short keys, old hashes, old versions, no forward secrecy.

The agent must not send them a byte of a message, and must count each refusal by its reason. `end_to_end.py` runs it; what needs no other
library than the agent's own is in `tests/rotation/hostile.rs`.
"""

import datetime
import ipaddress
import os
import re
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
import warnings
from pathlib import Path
from socket import create_server

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PATIENCE_SECONDS = 60
# Object identifiers of RFC 8017, appendix C, as DER.
SHA256_WITH_RSA = bytes.fromhex("06092a864886f70d01010b")
SHA1_WITH_RSA = bytes.fromhex("06092a864886f70d010105")
TUNNEL = "tunnel_0123456789abcdef0123456789abcdef"


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """An RSA CA: what is weak here cannot be issued by the one of the other tests."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        certificate = self.begun("weak servers", self.key.public_key())
        certificate = certificate.add_extension(x509.BasicConstraints(True, None), True)
        self.pem = certificate.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def begun(self, name: str, public: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named("weak servers"))
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - day).not_valid_after(now + day)

    def issue(self, file: Path, bits: int = 2048, hashed: hashes.HashAlgorithm = hashes.SHA256()) -> Path:
        """A server certificate for 127.0.0.1 and its key, in one file."""
        key = rsa.generate_private_key(65537, bits)
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = self.begun("weak", key.public_key()).add_extension(addresses, False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        if isinstance(hashed, hashes.SHA1):
            certificate = self.aged(certificate)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key.private_bytes(*form) + ssl.DER_cert_to_PEM_cert(certificate).encode())
        return file

    def aged(self, certificate: bytes) -> bytes:
        """The same certificate signed with SHA-1, which the library does not issue: other names of the algorithm, another signature."""
        certificate = certificate.replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
        signed = x509.load_der_x509_certificate(certificate)
        signature = self.key.sign(signed.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA1())
        return certificate.replace(signed.signature, signature)


class Server:
    """Counts the bytes of messages that reach it."""

    def __init__(self, file: Path, newest: ssl.TLSVersion, ciphers: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = newest
        self.context.load_cert_chain(file)
        self.heard, self.met = 0, 0
        self.listener = create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            self.met += 1
            try:
                with self.context.wrap_socket(stream, server_side=True) as tls:
                    self.heard += len(tls.recv(4096))
            except OSError:
                pass


class WeakServers(unittest.TestCase):
    """`mcp_security` 3.5, the rows that need a library which still does these things."""

    agent_binary = ""

    def test_none_gets_a_byte_and_each_leaves_its_reason(self) -> None:
        tls12, every = ssl.TLSVersion.TLSv1_2, "ALL"
        with tempfile.TemporaryDirectory() as name:
            directory, authority = Path(name), Authority()
            good = authority.issue(directory / "good.pem")
            short = authority.issue(directory / "short.pem", bits=1024)
            old = authority.issue(directory / "old.pem", hashed=hashes.SHA1())
            rows = {
                "rsa-1024": ("server_cert_bad", Server(short, ssl.TLSVersion.TLSv1_3, every)),
                "rsa-1024-tls-1-2": ("server_cert_bad", Server(short, tls12, every)),
                "sha-1": ("server_cert_bad", Server(old, ssl.TLSVersion.TLSv1_3, every)),
                "tls-1-0": ("alert_protocol_version", Server(good, ssl.TLSVersion.TLSv1, every)),
                "tls-1-1": ("alert_protocol_version", Server(good, ssl.TLSVersion.TLSv1_1, every)),
                "static-rsa": ("alert_handshake_failure", Server(good, tls12, "kRSA")),
                "cbc": ("alert_handshake_failure", Server(good, tls12, "ECDHE-RSA-AES128-SHA")),
            }
            right = Server(good, ssl.TLSVersion.TLSv1_3, every)
            ports = {channel: server.port for channel, (_, server) in rows.items()}
            metrics = self.watch(directory, authority, right, ports)
            self.assertGreater(right.heard, 0, "one that is right is asked")
            self.assertNotIn('refusals_total{profile="right"', metrics)
            for channel, (reason, server) in rows.items():
                with self.subTest(channel):
                    told = re.findall(rf'portcullis_tls_refusals_total{{profile="{channel}",reason="(\w+)"}}', metrics)
                    self.assertEqual(told, [reason])
                    self.assertGreater(server.met, 0)
                    self.assertEqual(server.heard, 0)

    def watch(self, directory: Path, authority: Authority, right: Server, ports: dict[str, int]) -> str:
        """Runs an agent whose channels are bound to these ports until it has refused each; its metrics."""
        ports = {"right": right.port} | ports
        (directory / "roots.pem").write_bytes(authority.pem)
        servers = "".join(f'[[server]]\nchannel = "{channel}"\ntools = ["any"]\n' for channel in ports)
        (directory / "policy.toml").write_text(f"schema = 1\n{servers}", encoding="utf-8")
        flags = {
            "control-plane.base-url": "http://127.0.0.1:9",
            "control-plane.tunnel-id": TUNNEL,
            "control-plane.api-key": "env:WEAK_KEY",
            "control-plane.poll-channel": next(iter(ports)),
            "ca-bundle": directory / "roots.pem",
            "trust.mode": "replace",
            "policy.file": directory / "policy.toml",
            "state.dir": directory / "state",
            "health.listen-addr": "127.0.0.1:0",
            "health.url-file": directory / "url",
        }
        arguments = [text for name, value in flags.items() for text in (f"--{name}", str(value))]
        for channel, port in ports.items():
            arguments += ["--mcp.server-url", f"channel={channel},tls-min=1.2,url=https://127.0.0.1:{port}/mcp"]
        environment = {"WEAK_KEY": "weak-key-canary", "PATH": os.environ["PATH"]}
        agent = subprocess.Popen([self.agent_binary, "run", *arguments], env=environment, stderr=subprocess.DEVNULL)
        try:
            ends = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < ends and agent.poll() is None:
                metrics = self.read(directory / "url")
                refused = [channel for channel in ports if f'refusals_total{{profile="{channel}"' in metrics]
                if right.heard and len(refused) == len(ports) - 1:
                    break
                time.sleep(0.2)
            return metrics
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait(60)

    @staticmethod
    def read(url: Path) -> str:
        if not url.exists():
            return ""
        with urllib.request.urlopen(url.read_text(encoding="utf-8").strip().rstrip("/") + "/metrics", timeout=10) as answer:
            return answer.read().decode()


def under(agent_binary: str) -> type[WeakServers]:
    """The test with this agent."""
    WeakServers.agent_binary = agent_binary
    return WeakServers
