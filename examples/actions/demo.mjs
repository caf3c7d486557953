// What the page of `wsmesh demo` speaks with: hello as in hello.mjs, and on to others when the
// frame says to whom: {"action": "hello", "details": ["Hi", {"to": {"everyone": true}}]}.
// A demo lets anybody write to anybody; your own application decides here who may.

export default (mesh) => {
  mesh.on('hello', async ({details, user, send, error}) => {
    const [text, options] = details
    if (!text) return error(400, 'No hello message:(')
    const to = options?.to
    // To nobody in particular: back to all tabs of the same user, on every node
    if (!to) return send('hello', details, {user})
    const target = to.everyone === true ? {everyone: true} : {user: to.user}
    await send('hello', [text, {from: user}], target)
  })
}
