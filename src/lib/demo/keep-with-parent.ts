/**
 * Loaded into each node of the demo before anything else (node --import): when the demo itself is
 * gone, killed or crashed, its nodes drain and leave too. Nothing may outlive it unnoticed.
 */
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
})
// Listening for the parent is no reason to stay alive.
process.channel?.unref()
