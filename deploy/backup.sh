#!/bin/sh
# Copy the ledger, and accounts, tokens and the audit trail, into a folder on another machine's disk; check the copy; then say when,
# for the alarm BackupTooOld. For cron, once a day, as the user that owns deploy/secrets: `deploy/backup.sh /mnt/backup`.
set -eu
umask 077
folder=${1:?name the folder for the backup}
cd "$(dirname "$0")/.."
said=deploy/observe/written/backup.prom

docker compose run --rm --no-deps --volume "$folder:/backup" prepare backup /backup/ledger
docker compose exec -T postgres pg_dump --username kembar --schema access kembar > "$folder/access.sql.partial"
mv "$folder/access.sql.partial" "$folder/access.sql"

printf 'kembar_backup_completed_seconds %s\n' "$(date +%s)" > "$said.partial"
chmod 644 "$said.partial"
mv "$said.partial" "$said"
