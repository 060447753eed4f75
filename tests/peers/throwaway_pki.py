"""Certificates for one run of the self-test, from authorities that live as long. Keys stay in a temporary directory."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(hours=1)


class Authority:
    """A certificate authority that lives as long as the test."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = named(name)
        ca = x509.BasicConstraints(ca=True, path_length=0)
        builder = fresh(self.name, self.name, self.key).add_extension(ca, critical=True)
        builder = builder.add_extension(usage(signs_certificates=True), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        self.file = self.write(f"{name}.crt", builder.sign(self.key, hashes.SHA256()).public_bytes(PEM))

    def issue(self, name: str, purpose: x509.ObjectIdentifier) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and its key, as two files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName(name)])
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = fresh(named(name), self.name, key).add_extension(names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(signer, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(PEM)
        text = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self.write(f"{name}.crt", certificate), self.write(f"{name}.key", text)

    def server(self, name: str) -> tuple[Path, Path]:
        """A server's certificate and key."""
        return self.issue(name, ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, name: str) -> tuple[Path, Path]:
        """A client's certificate and key."""
        return self.issue(name, ExtendedKeyUsageOID.CLIENT_AUTH)

    def write(self, name: str, text: bytes) -> Path:
        """Writes a file that nobody else may read."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_bytes(text)
        return path


PEM = serialization.Encoding.PEM


def named(name: str) -> x509.Name:
    """A name that says nothing else."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def fresh(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    """A certificate without extensions, valid from a minute ago."""
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - datetime.timedelta(minutes=1)).not_valid_after(now + LIFETIME)


def usage(signs_certificates: bool) -> x509.KeyUsage:
    """What the key may be used for."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
