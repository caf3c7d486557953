/**
 * With this a node ends that was told to restart: whoever keeps it is to start it again at once, as
 * for no other end (EX_TEMPFAIL of sysexits.h; systemd: RestartForceExitStatus=75).
 */
export const STATUS_RESTART = 75
