// The hello service: whatever a user says is sent back to all tabs of that user, on every node.
// Try it: wsmesh serve --actions examples/actions/hello.mjs

export default (mesh) => {
  // If `hello` action from user
  mesh.on('hello', async ({details, user, send, error}) => {
    // Send `hello` action back to the same user with the same content
    if (details.some(Boolean)) await send('hello', details, {user})
    else error(400, 'No hello message:(')
  })
}
