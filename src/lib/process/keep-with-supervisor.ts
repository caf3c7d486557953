/**
 * Loaded into each supervised node before all else (node --import). When the supervisor is gone,
 * even by kill -9, nobody would restart this node, stop it or give its port away: it drains,
 * leaves, and ends within the time below in any case.
 */
const END_MS = 20_000

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), END_MS).unref()
})
// Listening for the parent is no reason to stay alive.
process.channel?.unref()
