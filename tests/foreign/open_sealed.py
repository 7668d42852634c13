"""Opens a file of the format lienthong-sealed/1 with a library that is not ours: python open_sealed.py FILE PASSPHRASE"""

import base64
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
head, sealed = text.split("\nsealed: ")
head += "\n"
fields = dict(line.split(": ", 1) for line in head.splitlines()[1:])
log_n, r, p = (int(number) for number in fields["scrypt"].split())
salt = base64.b64decode(fields["salt"], validate=True)
key = Scrypt(salt=salt, length=32, n=2**log_n, r=r, p=p).derive(sys.argv[2].encode())
sealed = base64.b64decode(sealed.strip(), validate=True)
sys.stdout.write(AESGCM(key).decrypt(sealed[:12], sealed[12:], head.encode()).decode())
