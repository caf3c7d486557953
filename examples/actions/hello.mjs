// The hello service: whatever a user says is sent back to all tabs of that user, on every node.
// Try it: wsmesh serve --actions examples/actions/hello.mjs

export default (mesh) => {
  // If `hello` action from user
  mesh.on('hello', async ({details, user, send, reply, error}) => {
    if (!details.some(Boolean)) error(400, 'No hello message:(')
    // Send `hello` action back to the same user with the same content
    else if (user) await send('hello', details, {user})
    // A guest is nobody's user: to this connection alone
    else reply(details)
  })
}
