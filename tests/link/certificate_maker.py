"""Certificates as a plant may have them: weak, old, of the future, of another name."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER


class Made:
    """A certificate with its key; `issuer` None signs itself."""

    def __init__(
        self, name, *, issuer=None, hosts=("127.0.0.1",), bits=2048, begins=NOW - DAY,
        ends=NOW + 100 * DAY, is_ca=False,
    ):  # fmt: skip
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self.issuer = issuer
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        if not is_ca:
            names = [_general_name(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signer = issuer.key if issuer else self.key
        self.certificate = builder.sign(signer, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(PEM)

    @property
    def der(self):
        return self.certificate.public_bytes(DER)

    @property
    def key_pem(self):
        return self.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def write(self, folder, *, chain=()):
        """Key, certificate and what is sent with it, in one file."""
        path = folder / f"server-{self.certificate.serial_number}.pem"
        path.write_bytes(self.key_pem + self.pem + b"".join(one.pem for one in chain))
        return path

    def context(self, folder, *, chain=(), old=False):
        """A server's context; `old` speaks TLS 1.1 at most, and takes weak keys."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        if old:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            with warnings.catch_warnings():
                # Deprecated, which is the point of this server.
                warnings.simplefilter("ignore", DeprecationWarning)
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(self.write(folder, chain=chain))
        return context


def _general_name(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
