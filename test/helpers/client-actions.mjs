/** Actions that the tests of the client library call. */
export default (mesh) => {
  const heard = []
  mesh.on('echo', ({details, reply}) => reply(details))
  mesh.on('refuse', ({details, error}) => error(...details))
  mesh.on('silent', () => {})
  mesh.on('twice', ({reply}) => {
    reply(['first'])
    reply(['second'])
  })
  mesh.on('note', ({details}) => {
    heard.push(details)
  })
  mesh.on('noted', ({reply}) => reply(heard.splice(0)))
  mesh.on('all', ({details, user, send}) => send('n', details, {user}))
  mesh.on('kick-me', ({connection}) => connection.close())
}
