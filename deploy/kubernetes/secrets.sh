#!/bin/sh
# Put the secrets that `./kembar secrets deploy/secrets` drew into the namespace `kembar`: to each what it needs, and no more.
# Safe to run again. Further ones, such as smtp.password, go into the Secret of the service that reads them.
set -eu
folder=${1:-deploy/secrets}

give() {
    name=$1
    shift
    for file in "$@"; do set -- "$@" "--from-file=$folder/$file"; shift; done
    kubectl --namespace kembar create secret generic "$name" "$@" --dry-run=client --output=yaml | kubectl apply --filename=-
}

give nats nats-users.conf nats-routes.conf
give postgres postgres-owner.password
give prepare nats-prepare.seed nats-archive.seed postgres-owner.password postgres-ingest.password \
    postgres-scoring.password postgres-reports.password postgres-access.password
give ingest nats-ingest.seed postgres-ingest.password
give scoring nats-scoring.seed postgres-scoring.password
give reports nats-reports.seed postgres-reports.password
give access postgres-access.password
give archive nats-archive.seed
give projections nats-ingest.seed nats-scoring.seed nats-reports.seed \
    postgres-ingest.password postgres-scoring.password postgres-reports.password
