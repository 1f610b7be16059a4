"""A backup, a loss, and what docs/host.md says is to be done."""

from __future__ import annotations

from tests.host import knock
from tests.host.checks import holds, key
from tests.host.shell import chapters, orders, rows, sh, status, told, until

FOLDER = "/var/backups/conversion-backstop"


def pair() -> None:
    """What is made elsewhere. The secret half is here only because one machine plays both parts."""
    sh("age-keygen -o /root/backup-identity 2>/dev/null; age-keygen -y /root/backup-identity >/root/backup-recipients")


def backup() -> None:
    """It is sealed, is there only if it is whole, and goes after two weeks."""
    listed = sh(f"ls {FOLDER}").split()
    holds("one backup", len(listed), 1)
    holds("it is sealed", sh(f"head -c 18 {FOLDER}/{listed[0]}"), "age-encryption.org")
    holds("for its owner alone", sh(f"stat -c '%a %U' {FOLDER}/{listed[0]}").strip(), "600 postgres")
    holds("a dump that fails is told", status("runuser -u postgres -- env PGPORT=1 backstop-backup") != 0)
    holds("and leaves nothing", sh(f"ls {FOLDER}").split(), listed)
    sh(f"touch -d '16 days ago' {FOLDER}/20200101T000000Z.dump.age; systemctl start backstop-backup.service")
    holds("an old one goes", "20200101T000000Z.dump.age" in sh(f"ls {FOLDER}"), False)


def steps() -> None:
    """Lose an order, restore, and find sending paused until the loss was told."""
    first, second = chapters()["Restoring"]
    kept, lost = knock.new_order(), knock.new_order()
    holds("an order before the backup", knock.webhook(knock.order(kept)), 200)
    sh("systemctl start backstop-backup.service")
    holds("and one after it", knock.webhook(knock.order(lost)), 200)
    sh(first)
    until("web is back", lambda: knock.ask("GET", "/health/ready")[0] == 200)
    until("the worker is back", lambda: status("backstop doctor | grep -q 'ok *worker'") == 0, 30)
    holds("the first is there, the other is not", orders((kept, lost)), [str(kept)])
    holds("sending is paused", "is paused" in sh("backstop doctor || true"))
    holds("orders come in", knock.webhook(knock.order(lost)), 200)
    holds("evidence too", knock.post(key(), "after"), 204)
    told("  resync: " + " ".join(sh(second).split()))
    holds("sending goes on", status("backstop doctor | grep -q 'ok *sending'"), 0)
    holds("the store's orders are read again", "reconciliation: 14" in sh("backstop doctor || true"))
    rows("UPDATE shop SET reconciled_until = now()")  # as if Shopify had told them
    holds("both are there", orders((kept, lost)), [str(kept), str(lost)])
    sh("runuser -u postgres -- dropdb conversion_backstop_lost")
    told("Restoring: 2 block(s) carried out")
