#!/usr/bin/env bash
# Compiles every generated dashboard against the types of Grafana's own schema (needs node, and the network once).
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
    echo "npm is missing: apt install npm" >&2
    exit 1
fi
npm install --no-audit --no-fund --no-package-lock --silent
rm -rf generated && mkdir generated
for board in ../grafana/*.json; do
    { echo 'import { fits } from "../wire";'; printf 'fits('; cat "$board"; echo ');'; } > "generated/$(basename "$board" .json).ts"
done
npx tsc --project tsconfig.json
echo "all dashboards fit Grafana's schema"
