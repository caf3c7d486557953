#!/bin/sh
# A long job that tells its user how far it is: a JSON object a line, all into one `wsmesh send`.
# Usage: job.sh USER [SECONDS A STEP]

user=${1:?Whose job is it? job.sh USER}
pause=${2:-0.5}
wsmesh=${WSMESH:-node bin/run.js}

work() {
  for percent in 0 10 20 30 40 50 60 70 80 90 100; do
    # The work itself would be here
    sleep "$pause"
    printf '{"action":"progress","details":["Yearly report",%d],"user":"%s"}\n' "$percent" "$user"
  done
}

# Status 5 says that nobody was connected: no matter of the job's
work | $wsmesh send --stdin >/dev/null || [ $? -eq 5 ]
