#!/usr/bin/env python3
"""Checks an evidence file with nothing of the platform's own code.

Uses the Python packages `http-message-signatures` (RFC 9421) and `cryptography`, and the `openssl` command.
The steps are those of docs/protocol/evidence.md, section "Check it yourself", under the same numbers.

    python3 -m pip install http-message-signatures cryptography
    python3 check_evidence.py call.evidence.json --trust authority.pem --trust tsa.pem

Without --trust the file's own authorities are used and their fingerprints printed, to be compared by eye.
Exit code 0: every check passed. 1: at least one failed. 2: wrong use.
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import types
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

CLOCK_DIFFERENCE = 300
PEM = serialization.Encoding.PEM
REQUEST = (
    ['"@method"', '"lienthong-service"', '"x-road-client"', '"x-road-id"', '"x-road-request-id"', '"lienthong-node"',
     '"lienthong-commitment"'],
    ['"x-road-userid"', '"x-road-issue"', '"x-road-represented-party"', '"lienthong-purpose"',
     '"lienthong-legal-basis"'],
)
RESPONSE = (
    ['"@status"', '"x-road-id"', '"x-road-request-id"', '"x-road-client"', '"lienthong-service"',
     '"lienthong-commitment"'],
    ['"x-road-error"', '"signature";req;key="lt"', '"lienthong-batch";req'],
)
ALGORITHMS = {
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
    "ed25519": algorithms.ED25519,
    "rsa-pss-sha512": algorithms.RSA_PSS_SHA512,
}


class Failed(Exception):
    """A claim of the file does not hold."""


def need(holds, why):
    if not holds:
        raise Failed(why)


def b64(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 in another form than the canonical one")
    return data


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def openssl(*arguments):
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, env=environment, check=False)
    need(done.returncode == 0, f"openssl {arguments[0]}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def moment(text):
    need(text.endswith("Z"), "a moment that is not in UTC")
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp()


def no_duplicates(pairs):
    need(len({name for name, _ in pairs}) == len(pairs), "a field stands twice")
    return dict(pairs)


def root_from_path(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    need(index < size, "the index is outside of the tree")
    node, last, value = index, size - 1, leaf
    for sibling in path:
        need(last != 0, "the path is too long")
        if node & 1 or node == last:
            value = sha256(b"\x01", sibling, value)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            value = sha256(b"\x01", value, sibling)
        node >>= 1
        last >>= 1
    need(last == 0, "the path is too short")
    return value


def batch_place(header):
    """`index=3, size=8, path=(:..: :..:)`."""
    index, size, path = header.split(", ", 2)
    need(index.startswith("index=") and size.startswith("size=") and path.startswith("path=("), "batch place")
    items = path[len("path=("):-1].split(" ") if path != "path=()" else []
    return int(index[6:]), int(size[5:]), [b64(item.strip(":")) for item in items]


def in_batch(inner, header):
    """The algorithm `inner`, over the root of a batch instead of over the message itself."""
    index, size, path = batch_place(header)
    need(size <= 1024, "the batch is too large")

    class InBatch(algorithms.HTTPSignatureAlgorithm):
        algorithm_id = inner.algorithm_id

        def __init__(self, public_key=None, private_key=None):
            self.inner = inner(public_key=public_key, private_key=private_key)

        def verify(self, signature, message):
            root = root_from_path(sha256(b"\x00", message), index, size, path)
            text = b"lienthong-batch/1\n" + base64.b64encode(root) + b"\n"
            self.inner.verify(signature=signature, message=text)

    return InBatch


class AtTheTime(HTTPMessageVerifier):
    """Evidence is older than the signature's `expires`: `Evidence.times` compares it with the record instead."""

    def validate_created_and_expires(self, sig_input, max_age=None):
        need("created" in sig_input.params and "expires" in sig_input.params, "created or expires is missing")


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, certificates):
        self.certificates = certificates

    def resolve_public_key(self, key_id):
        certificate = self.certificates.get(key_id)
        return certificate and certificate.public_key()


class Evidence:
    def __init__(self, path, trust, directory):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.trust, self.directory = trust, directory

    def path(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def file(self):
        """1. The file is in its canonical form and its digest fits."""
        text = self.bytes.decode("utf-8")
        self.content = json.loads(text, object_pairs_hook=no_duplicates)
        need(self.content["format"] == "lienthong-evidence/1", "another format")
        need(json.dumps(self.content, indent=2, ensure_ascii=False) + "\n" == text, "not in canonical form")
        digest = self.content["digest"]
        blank = text[:-len(f'{digest}"\n}}\n')] + '"\n}\n'
        need(hashlib.sha256(blank.encode()).hexdigest() == digest, "altered after it was made")
        load = lambda name: [x509.load_der_x509_certificate(b64(der)) for der in self.content[name]]
        self.all_certificates = load("certificates")
        self.certificates = {sha256(one.public_bytes(serialization.Encoding.DER)).hex(): one
                             for one in self.all_certificates}
        self.authorities, self.stampers = load("authorities"), load("timestamp_authorities")
        self.crls = [x509.load_der_x509_crl(b64(der)) for der in self.content["crls"]]
        return f"node {self.content['node']}, made {self.content['exported_at']}"

    def records(self):
        """2. The records are of one call, in order, with a beginning and an end."""
        self.logged = [(entry, json.loads(entry["record"], object_pairs_hook=no_duplicates))
                       for entry in self.content["records"]]
        need(self.logged, "no record")
        indexes = [entry["index"] for entry, _ in self.logged]
        need(all(a < b for a, b in zip(indexes, indexes[1:])), "not in order")
        for entry, record in self.logged:
            compact = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
            need(compact == entry["record"] and record["v"] == 1, f"record {entry['index']} is not in canonical form")
        for name in ("id", "call", "client", "service"):
            need(len({record[name] for _, record in self.logged}) == 1, f"records of several calls ({name})")
        parts = {(record["side"], record["part"]) for _, record in self.logged}
        for side in {side for side, _ in parts}:
            here = {part for other, part in parts if other == side}
            need("request" not in here or len(here) > 1, "how the call ended is missing")
            need("request" in here or not here & {"response", "interrupted"}, "the request is missing")
        heads = lambda name: [(record, record[name]) for _, record in self.logged if name in record]
        self.requests, self.responses = heads("request"), heads("response")
        return f"{len(self.logged)} records of call {self.logged[0][1]['call']}"

    def inclusion(self):
        """3. Every record is a leaf of the tree that the checkpoint names."""
        lines = self.content["checkpoint"]["text"].split("\n")
        need(len(lines) == 5 and lines[4] == "", "the checkpoint has not four lines")
        self.origin, self.size, root, self.at = lines[0], int(lines[1]), b64(lines[2]), moment(lines[3])
        self.moment = self.at
        for entry, _ in self.logged:
            leaf = sha256(b"\x00", entry["record"].encode())
            found = root_from_path(leaf, entry["index"], self.size, [b64(item) for item in entry["path"]])
            need(found == root, f"record {entry['index']} is not in the log")
        return f"a log of {self.size} records"

    def checkpoint(self):
        """4. The member that runs the node signed the checkpoint (OpenSSL)."""
        checkpoint = self.content["checkpoint"]
        need(self.origin == self.content["node"], "the checkpoint is of another node")
        certificate = self.certificate(checkpoint["certificate"])
        key = certificate.public_key()
        text = self.path("checkpoint.txt", checkpoint["text"].encode())
        signature = self.path("checkpoint.sig", b64(checkpoint["signature"]))
        public = self.path("checkpoint.pub", key.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        if isinstance(key, ed25519.Ed25519PublicKey):
            openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-in", text, "-sigfile", signature)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            openssl("dgst", "-sha256", "-verify", public, "-signature", signature, text)
        else:
            need(isinstance(key, rsa.RSAPublicKey), "a key of an unknown kind")
            openssl("dgst", "-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64",
                    "-verify", public, "-signature", signature, text)
        self.belongs(certificate, [self.origin.rsplit("/", 1)[0]])
        return f"signed {self.content['checkpoint']['text'].split()[3]}"

    def timestamp(self):
        """5. An authority stamped the checkpoint (OpenSSL)."""
        checkpoint = self.content["checkpoint"]
        if checkpoint["timestamp"] is None:
            return None
        token = self.path("token.der", b64(checkpoint["timestamp"]))
        data = self.path("stamped", checkpoint["text"].encode() + b64(checkpoint["signature"]))
        roots = self.path("tsa.pem", b"".join(one.public_bytes(PEM) for one in self.trust or self.stampers))
        shown = openssl("ts", "-reply", "-in", token, "-token_in", "-text")
        time = next(line.split(": ", 1)[1] for line in shown.splitlines() if line.startswith("Time stamp: "))
        stamped = datetime.datetime.strptime(" ".join(time.split()), "%b %d %H:%M:%S %Y GMT")
        self.moment = stamped.replace(tzinfo=datetime.timezone.utc).timestamp()
        openssl("ts", "-verify", "-data", data, "-in", token, "-token_in", "-CAfile", roots, "-partial_chain",
                "-attime", str(int(self.moment)))
        need(self.moment + CLOCK_DIFFERENCE >= int(self.at), "the stamp is older than the checkpoint")
        return f"existed before {time}"

    def request_signature(self):
        """6. The asking member signed the request (RFC 9421 library)."""
        for _, head in self.requests:
            self.verify(head, self.message(head), REQUEST, "lienthong-request-1")
        return f"{len(self.requests)} in the records" if self.requests else None

    def response_signature(self):
        """7. The answering member signed the response, over the request's signature (RFC 9421 library)."""
        for _, head in self.responses:
            covered = dict(self.lines(head)[0])
            need('"signature";req;key="lt"' in covered, "the response does not name the request")
            # The library takes the request's signature out of the request that is set beside the response.
            reasons = []
            for _, request in self.requests:
                message = self.message(head, self.message(request))
                try:
                    need(("batch" in request) == ('"lienthong-batch";req' in covered), "the batch is left open")
                    self.verify(head, message, RESPONSE, "lienthong-response-1")
                    break
                except Exception as error:  # Every failure means the same: not an answer to this request.
                    reasons.append(str(error) or "the signature does not fit")
            else:
                raise Failed(f"the response answers no request of the file: {reasons}")
        return f"{len(self.responses)} in the records" if self.responses else None

    def agreement(self):
        """8. Records and messages name the same parties and ids."""
        for record, head in self.requests + self.responses:
            named = dict(self.lines(head)[0])
            decoded = lambda name: urllib.parse.unquote(named[name])
            need(named['"x-road-id"'] == record["id"], "x-road-id")
            need(named['"x-road-request-id"'] == record["call"], "x-road-request-id")
            need(decoded('"x-road-client"') == record["client"], "x-road-client")
            need(decoded('"lienthong-service"') == record["service"], "lienthong-service")
            if '"lienthong-node"' in named:
                node = self.content["node"] if record["side"] == "provider" else record.get("peer")
                need(node is None or decoded('"lienthong-node"') == node, "lienthong-node")
            if '"@status"' in named and "code" not in record["outcome"]:
                need(named['"@status"'] == str(record["outcome"]["status"]), "@status")
        record = self.logged[0][1]
        return f"{record['client']} asked {record['service']}"

    def times(self):
        """9. Signed, then recorded, then in a checkpoint, up to what clocks may differ."""
        for _, record in self.logged:
            written = int(moment(record["at"]))
            need(written <= int(self.at) + CLOCK_DIFFERENCE, "recorded after the checkpoint")
            for head in (record[name] for name in ("request", "response") if name in record):
                parameters = self.lines(head)[1].split(")", 1)[1].split(";")
                created, expires = (int(parameters[nth].split("=")[1]) for nth in (1, 2))
                need(created <= written + CLOCK_DIFFERENCE, "signed after it was recorded")
                # The note about a call that was cut short is written at the next start, however late that is.
                in_time = written <= expires + CLOCK_DIFFERENCE or record["part"] == "interrupted"
                need(in_time, "out of date when it was recorded")
                started = self.certificate(head["certificate"]).not_valid_before_utc.timestamp()
                need(created >= int(started), "signed before the certificate was valid")
        return datetime.datetime.fromtimestamp(self.moment, datetime.timezone.utc).isoformat()

    def holders(self):
        """10. The certificates belong to the members that are named."""
        for _, head in self.requests:
            self.belongs(self.certificate(head["certificate"]), [self.member(head, '"x-road-client"')])
        for _, head in self.responses:
            self.belongs(self.certificate(head["certificate"]), [self.member(head, '"lienthong-service"')])
        return "by the attribute serialNumber of their subjects"

    def chains(self):
        """11. The certificates chain to an authority and were valid and not revoked (OpenSSL, cryptography)."""
        roots = self.path("roots.pem", b"".join(one.public_bytes(PEM) for one in self.trust or self.authorities))
        brought = b"".join(one.public_bytes(PEM) for one in self.all_certificates + self.authorities)
        brought = self.path("brought.pem", brought)
        names = {head["certificate"] for _, head in self.requests + self.responses}
        names.add(self.content["checkpoint"]["certificate"])
        unseen = set()
        for name in names:
            certificate = self.certificate(name)
            leaf = self.path("leaf.pem", certificate.public_bytes(PEM))
            openssl("verify", "-partial_chain", "-attime", str(int(self.moment)), "-CAfile", roots,
                    "-untrusted", brought, leaf)
            usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
            need(usage.content_commitment or usage.digital_signature, "not a certificate for signing")
            lists = [crl for crl in self.crls if crl.issuer == certificate.issuer]
            if not lists:
                unseen.add(certificate.issuer.rfc4514_string())
            for crl in lists:
                issuers = [one for one in self.authorities + self.all_certificates if one.subject == crl.issuer]
                need(any(crl.is_signature_valid(one.public_key()) for one in issuers), "a forged revocation list")
                need(crl.next_update_utc.timestamp() >= self.moment, "a revocation list that is out of date")
                entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
                need(entry is None or entry.revocation_date_utc.timestamp() > self.moment, f"revoked: {name}")
        return f"{len(names)} certificates" + (f"; no revocation list of {unseen}" if unseen else "")

    def anchors(self):
        """12. The authorities."""
        if self.trust:
            return f"checked against {len(self.trust)} trusted certificates"
        for one in self.authorities + self.stampers:
            print(f"       compare yourself: {one.subject.rfc4514_string()} "
                  f"sha256:{sha256(one.public_bytes(serialization.Encoding.DER)).hex()}")
        return None

    def certificate(self, fingerprint):
        need(fingerprint in self.certificates, f"the certificate {fingerprint} is not in the file")
        return self.certificates[fingerprint]

    def belongs(self, certificate, members):
        found = [one.value for one in certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
        need(len(found) == 1 and found[0] in members, f"the certificate is of {found}, expected {members}")

    def member(self, head, line):
        return "/".join(urllib.parse.unquote(dict(self.lines(head)[0])[line]).split("/")[:3])

    def lines(self, head):
        """The covered components as (identifier, value), and the value of @signature-params."""
        pairs = [tuple(line.split(": ", 1)) for line in head["base"].split("\n")]
        need(all(len(pair) == 2 for pair in pairs) and pairs[-1][0] == '"@signature-params"', "not a signature base")
        return pairs[:-1], pairs[-1][1]

    def message(self, head, request=None):
        """The message as the library wants it: from the base, but for the components of another message."""
        covered, parameters = self.lines(head)
        headers = {name.strip('"'): value for name, value in covered if name.endswith('"') and not name.startswith('"@')}
        headers = {name: value for name, value in headers.items() if ";" not in name}
        headers["Signature-Input"] = f"lt={parameters}"
        headers["Signature"] = f"lt=:{head['signature']}:"
        if "batch" in head:
            headers["lienthong-batch"] = head["batch"]
        named = dict(covered)
        if '"@status"' in named:
            return types.SimpleNamespace(status_code=int(named['"@status"']), headers=headers, request=request)
        return types.SimpleNamespace(method=named['"@method"'], url="https://node.invalid/", headers=headers)

    def verify(self, head, message, profile, tag):
        covered, parameters = self.lines(head)
        names = [name for name, _ in covered]
        required, optional = profile
        need(names[:len(required)] == required, "other components than the profile demands")
        need([name for name in optional if name in names] == names[len(required):], "components out of order")
        algorithm = parameters.split(';alg="', 1)[1].split('"', 1)[0]
        need(algorithm in ALGORITHMS, f"unknown algorithm {algorithm}")
        chosen = ALGORITHMS[algorithm]
        if "batch" in head:
            chosen = in_batch(chosen, head["batch"])
        verifier = AtTheTime(signature_algorithm=chosen, key_resolver=Keys(self.certificates))
        result = verifier.verify(message, max_age=None, expect_tag=tag, expect_label="lt")[0]
        rebuilt = "\n".join(f"{name}: {value}" for name, value in result.covered_components.items())
        need(rebuilt == head["base"], "the library builds another signature base")
        need(result.parameters["keyid"] == head["certificate"], "the signature names another certificate")


def main():
    parser = argparse.ArgumentParser(description="Checks an evidence file with foreign tools only.")
    parser.add_argument("file")
    parser.add_argument("--trust", action="append", default=[], metavar="PEM", help="an authority that you trust")
    arguments = parser.parse_args()
    trust = []
    for path in arguments.trust:
        with open(path, "rb") as file:
            trust += x509.load_pem_x509_certificates(file.read())
    with tempfile.TemporaryDirectory() as directory:
        evidence = Evidence(arguments.file, trust, directory)
        steps = [evidence.file, evidence.records, evidence.inclusion, evidence.checkpoint, evidence.timestamp,
                 evidence.request_signature, evidence.response_signature, evidence.agreement, evidence.times,
                 evidence.holders, evidence.chains, evidence.anchors]
        failed = 0
        for number, step in enumerate(steps, 1):
            name = step.__doc__.strip().split(" ", 1)[1]
            try:
                detail = step()
                print(f"{'ok    ' if detail is not None else 'absent'} {number:2} {name} {detail or ''}".rstrip())
            except Exception as error:  # Whatever goes wrong with a forged file, the claim is not shown.
                failed += 1
                print(f"FAILED {number:2} {name} {type(error).__name__}: {error or 'the signature does not fit'}")
                if number <= 3:
                    print("       the rest was not looked at")
                    break
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
