#!/bin/sh
# short-film: 7 tasks in 6 jobs that wait for each other.
# Words for every sbatch are taken as arguments: ./submit.sh --partition=farm --account=show --time=2:00:00
set -eu
cd "$(dirname "$0")"
mkdir -p logs

submit() { # sbatch's words; prints the number of the job
  id=$(sbatch --parsable --chdir="$PWD" --export=NONE --kill-on-invalid-dep=yes --signal=B:USR1@60 "$@")
  echo "${id%%;*}"
}

step1=$(submit --job-name=short-film-render-master --cpus-per-task=1 --mem=1024M --array=1-2 --output=logs/%x.%A_%a.log \
  "$@" task.sbatch tasks/render-master.json)
echo "render-master: job $step1"
step2=$(submit --job-name=short-film-render-master-2 --cpus-per-task=1 --mem=6144M --output=logs/%x.%j.log \
  "$@" task.sbatch tasks/render-master-2.json)
echo "render-master-2: job $step2"
step3=$(submit --job-name=short-film-external-denoise --cpus-per-task=4 --mem=2048M --output=logs/%x.%j.log --licenses=nuke:1 --time=11 \
  "$@" task.sbatch tasks/external-denoise.json)
echo "external-denoise: job $step3"
step4=$(submit --job-name=short-film-mix-mix --cpus-per-task=1 --mem=2048M --output=logs/%x.%j.log \
  "$@" task.sbatch tasks/mix-mix.json)
echo "mix-mix: job $step4"
step5=$(submit --job-name=short-film-assemble-master --cpus-per-task=1 --mem=2048M --output=logs/%x.%j.log \
  --dependency="afterok:$step1:$step2:$step4" \
  "$@" task.sbatch tasks/assemble-master.json)
echo "assemble-master: job $step5"
step6=$(submit --job-name=short-film-publish-master --cpus-per-task=1 --mem=2048M --output=logs/%x.%j.log \
  --dependency="afterok:$step5" \
  "$@" task.sbatch tasks/publish-master.json)
echo "publish-master: job $step6"
