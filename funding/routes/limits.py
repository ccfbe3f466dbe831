"""How often one may try to sign in, or ask for mail.

Counted in each web process by itself, which makes the limits a little looser than they read.
"""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, storage_uri="memory://")
