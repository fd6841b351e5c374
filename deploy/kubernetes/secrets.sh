#!/bin/sh
# Put the secrets that `./kembar secrets deploy/secrets` drew into the namespace `kembar`: to each what it needs, and no more.
# Safe to run again. The mail server's password, smtp.password, and the identity provider's, oidc-client.secret, go along where
# they are.
set -eu
folder=${1:-deploy/secrets}

give() {
    name=$1
    shift
    for file in "$@"; do set -- "$@" "--from-file=$folder/$file"; shift; done
    kubectl --namespace kembar create secret generic "$name" "$@" --dry-run=client --output=yaml | kubectl apply --filename=-
}

if_there() {
    test ! -e "$folder/$1" || echo "$1"
}

give nats nats-users.conf nats-routes.conf
give postgres postgres-owner.password
give prepare nats-prepare.seed nats-archive.seed postgres-owner.password postgres-ingest.password \
    postgres-scoring.password postgres-reports.password postgres-access.password
give ingest nats-ingest.seed postgres-ingest.password
give scoring nats-scoring.seed postgres-scoring.password
give reports nats-reports.seed postgres-reports.password
give access postgres-access.password $(if_there oidc-client.secret)
give archive nats-archive.seed
give deliveries postgres-scoring.password $(if_there smtp.password)
give projections nats-ingest.seed nats-scoring.seed nats-reports.seed \
    postgres-ingest.password postgres-scoring.password postgres-reports.password
