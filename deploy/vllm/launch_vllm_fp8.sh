#!/usr/bin/env bash
# Becomes the vLLM that DocMind would start, for whoever runs it as a service of its own (deploy/systemd/docmind-vllm.service).
# The command line and the environment are those of `docmind backends command vllm`, so they cannot drift from DocMind's.
#
# usage: launch_vllm_fp8.sh            from the environment:
#   VLLM_PROGRAM       the vllm program of an installed vLLM; default: vllm in PATH
#   VLLM_SERVICE       the file with its settings; default: config/vllm_service.yaml beside this script's folder
#   VLLM_MODEL_PATH    the folder with the checkpoint; default: what that file says
#   VLLM_API_KEY       the key that it shall ask for; none: it asks for none
#   VLLM_STATE         a folder of its own for compiled kernels; default: $STATE_DIRECTORY, else ~/.local/state/docmind-vllm
#   DOCMIND            the docmind program; default: docmind in PATH
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
program=${VLLM_PROGRAM:-$(command -v vllm || true)}
[ -n "$program" ] || { echo "launch_vllm_fp8: no vllm in PATH; name the program with VLLM_PROGRAM" >&2; exit 78; }
service=${VLLM_SERVICE:-$here/../../config/vllm_service.yaml}
state=${VLLM_STATE:-${STATE_DIRECTORY:-$HOME/.local/state/docmind-vllm}}
settings=(--data "$state" --set "vllm.url=" --set "vllm.program=$program" --set "vllm.service=$service")
[ -z "${VLLM_MODEL_PATH:-}" ] || settings+=(--set "vllm.model_folder=$VLLM_MODEL_PATH")
script=$("${DOCMIND:-docmind}" backends command vllm "${settings[@]}")
# Nothing of this environment but the key goes on.
while IFS= read -r name; do
  [ "$name" = VLLM_API_KEY ] || unset -v "$name" 2>/dev/null || true
done < <(compgen -e)
eval "$script"
