/** A process, as far as it says who started it. */
export interface StartedProcess {
  readonly pid: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Who, other than `wsmesh serve --supervise`, is known to start this process again when it ends.
 * systemd names the process that it started itself, so that what runs below a shell of a service is
 * not taken for one. Of process 1 of a container nobody knows whether it has a restart policy: it
 * is taken to have one.
 */
export function supervisorOf({pid, env}: StartedProcess): string | undefined {
  if (env['SYSTEMD_EXEC_PID'] === String(pid)) return 'systemd'
  return pid === 1 ? 'container' : undefined
}
