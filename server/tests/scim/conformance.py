"""Asks a SCIM server everything that scim2-tester asks, and prints what it answered as rows of a table.

scim2-tester fills resources with values that fit their schemas. What a schema cannot say is given here: a userName is an address of
the domain, and a country has two letters. Nothing else of the tester is changed.
"""

import os
import sys
import uuid
from collections import Counter

import scim2_tester.checkers.patch_add as patch_add
import scim2_tester.checkers.patch_replace as patch_replace
import scim2_tester.filling as filling
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server
from scim2_tester.utils import Status

DOMAIN = sys.argv[2]
random_value = filling.generate_random_value


def fitting_value(context, path, *arguments, **named):
    value = random_value(context, path, *arguments, **named)
    if value is None:
        return None
    name = str(path).split(":")[-1].split(".")[-1]
    if name == "userName":
        return f"{uuid.uuid4()}@{DOMAIN}"
    if name == "country":
        return "AT"
    return value


for module in (filling, patch_add, patch_replace):
    module.generate_random_value = fitting_value

token = os.environ["SCIM_TOKEN"]
client = SyncSCIMClient(Client(base_url=sys.argv[1], headers={"Authorization": f"Bearer {token}"}))
rows, wrong = {}, []
for result in check_server(client):
    place = result.resource_type or "all"
    rows.setdefault((place, result.title), Counter())[result.status.name.lower()] += 1
    if result.status in (Status.ERROR, Status.CRITICAL, Status.DEVIATION):
        wrong.append(f"{place} {result.title}: {result.reason} {result.data!r}")

for (place, title), counts in rows.items():
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    print(f"| {place} | `{title}` | {told} |")
for line in wrong:
    print(line, file=sys.stderr)
