/**
 * Loaded into each node of a demo or drill before anything else (node --import): when that one is
 * gone, killed or crashed, its nodes drain and leave too. Nothing may outlive it unnoticed.
 */
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
})
// Listening for the parent is no reason to stay alive.
process.channel?.unref()
