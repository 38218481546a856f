#!/bin/sh
# Renders the chart into base/signalbox.yaml, for those who want no Helm where they deploy. Needs helm.
set -eu
cd "$(dirname "$0")"
{
  echo '# Rendered from the chart by deploy/kustomize/render.sh; do not edit.'
  helm template signalbox ../helm/signalbox --namespace signalbox --kube-version 1.30.0 --no-hooks -f base/values.yaml
} >base/signalbox.yaml
